// Of each four columns the least |w| is trit 0, the others are their signs; alpha = the mean of those kept.
#include "train/quantizers/quantizer.h"

namespace tritium::training {
namespace {

class Sparse34Quantizer final : public WeightQuantizer {
 public:
  Sparse34Quantizer(Allocator& allocator, BitLinear& member, const ScaleOptions& options)
      : WeightQuantizer({&member}, 0.0), round_to_f16_(options.round_to_f16) {
    const int64_t n = member.n_matrices * member.rows * member.groups_per_row();
    alpha_ = allocator.tensor(member.name + ".alpha", {n});
    ones_ = allocator.tensor(member.name + ".ones", {n});
    const std::vector<float> ones(allocator.counts() ? 0 : static_cast<size_t>(n), 1.0f);
    allocator.upload(ones_, std::as_bytes(std::span(ones)));
  }

  void measure(Ops& ops, bool) const override { find_signs(ops, alpha_); }

  // Signs of 1 and a bound of 1 give themselves as trits, whatever alpha is.
  void quantize(Ops& ops) const override {
    const BitLinear& m = *members_.front();
    ops(Ternarize{
        .parameter = signs(ops), .alpha = alpha_, .weight = m.trained_trits(), .flips = m.flips, .bound = ones_});
  }

  void soften(Ops& ops, float lambda, const Tensor& now) const override {
    FakeQuantize op = softened(ops, *members_.front(), lambda, now);
    op.bound = ones_;
    op.source = signs(ops).data;
    ops(op);
  }

 private:
  Weight find_signs(Ops& ops, const Tensor& alpha) const {
    const BitLinear& m = *members_.front();
    Weight y = float_copy(ops, m);
    ops(SparseSigns{
        .parameter = m.shadow, .y = y, .alpha = alpha, .group_size = m.group_size, .round_to_f16 = round_to_f16_});
    return y;
  }
  Weight signs(Ops& ops) const { return find_signs(ops, ops.temporary(alpha_.shape)); }

  Tensor ones_;
  bool round_to_f16_;
};

}  // namespace

std::unique_ptr<WeightQuantizer> make_sparse34(Allocator& allocator, BitLinear& member, const ScaleOptions& options) {
  return std::make_unique<Sparse34Quantizer>(allocator, member, options);
}

}  // namespace tritium::training
