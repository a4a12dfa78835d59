// q = clip(round(w / s), -qmax, qmax), s by rows or groups of columns; the forward pass multiplies with s q as floats.
#include "train/quantizers/quantizer.h"

namespace tritium::training {
namespace {

class IntegerRows final : public WeightQuantizer {
 public:
  IntegerRows(Allocator& allocator, BitLinear& member, IntegerQuantizer scales, const ScaleOptions& options)
      : WeightQuantizer({&member}, options.prune), scales_(scales), round_to_f16_(options.round_to_f16) {
    alpha_ = allocator.tensor(member.name + ".alpha", {member.n_matrices * member.rows * member.groups_per_row()});
  }

  bool kept() const override { return false; }
  bool packs() const override { return false; }

  void measure(Ops& ops, bool) const override {
    const BitLinear& m = *members_.front();
    ops(IntegerScales{.parameter = m.shadow,
                      .alpha = alpha_,
                      .quantizer = quantizer_of(m.mode),
                      .group_size = m.group_size,
                      .clip_search = scales_ == IntegerQuantizer::clip,
                      .round_to_f16 = round_to_f16_});
  }

  void quantize(Ops& ops) const override { soften(ops, 1.0f, {}); }

  void soften(Ops& ops, float lambda, const Tensor& now) const override {
    ops(softened(ops, *members_.front(), lambda, now));
  }

 private:
  IntegerQuantizer scales_;
  bool round_to_f16_;
};

}  // namespace

std::unique_ptr<WeightQuantizer> make_integers(Allocator& allocator, BitLinear& member, IntegerQuantizer scales,
                                               const ScaleOptions& options) {
  return std::make_unique<IntegerRows>(allocator, member, scales, options);
}

}  // namespace tritium::training
