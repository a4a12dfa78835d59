// Of each row, theta = 0.7 mean |w|: trit = sign(w) where |w| > theta, else 0; alpha = the mean of the |w| kept.
#include "train/quantizers/quantizer.h"

namespace tritium::training {
namespace {

class ThresholdQuantizer final : public WeightQuantizer {
 public:
  ThresholdQuantizer(Allocator& allocator, BitLinear& member, const ScaleOptions& options)
      : WeightQuantizer({&member}, options.prune), round_to_f16_(options.round_to_f16) {
    const int64_t n_rows = member.n_matrices * member.rows;
    alpha_ = allocator.tensor(member.name + ".alpha", {n_rows});
    bound_ = allocator.tensor(member.name + ".bound", {n_rows});
  }

  void measure(Ops& ops, bool) const override {
    ops(ThresholdScales{
        .parameter = members_.front()->shadow, .alpha = alpha_, .bound = bound_, .round_to_f16 = round_to_f16_});
  }

  void quantize(Ops& ops) const override {
    const BitLinear& m = *members_.front();
    ops(Ternarize{
        .parameter = kept_of(ops, m), .alpha = alpha_, .weight = m.trained_trits(), .flips = m.flips, .bound = bound_});
  }

  void soften(Ops& ops, float lambda, const Tensor& now) const override {
    ops(softened(ops, *members_.front(), lambda, now));
  }

 private:
  bool round_to_f16_;
};

}  // namespace

std::unique_ptr<WeightQuantizer> make_threshold(Allocator& allocator, BitLinear& member, const ScaleOptions& options) {
  return std::make_unique<ThresholdQuantizer>(allocator, member, options);
}

}  // namespace tritium::training
