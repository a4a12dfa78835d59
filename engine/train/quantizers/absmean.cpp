// alpha = mean |w| over everything that shares it; trit = round(w / alpha), from -1 to 1.
#include "train/quantizers/quantizer.h"

namespace tritium::training {
namespace {

class AbsmeanQuantizer final : public WeightQuantizer {
 public:
  AbsmeanQuantizer(Allocator& allocator, std::vector<BitLinear*> members, int64_t n_scales, const ScaleOptions& options)
      : WeightQuantizer(std::move(members), options.prune), n_scales_(n_scales), options_(options) {
    alpha_ = allocator.tensor(members_.front()->name + ".alpha", {n_scales});
  }

  bool uses_sums() const override { return true; }
  bool packs_while_updating() const override { return options_.momentum > 0.0f && !prunes(); }

  void measure(Ops& ops, bool exact) const override {
    Tensor total;
    int64_t covered = 0;  // weights that one alpha covers
    for (const BitLinear* member : members_) {
      covered += member->elements() / n_scales_;
      if (members_.size() == 1) {
        total = member->sums;
        break;
      }
      const Tensor part = ops.temporary({n_scales_});
      ops(Absmean{.sums = member->sums, .alpha = part, .n_groups = n_scales_});
      if (total) ops(Add{.a = total, .b = part, .y = part});
      total = part;
    }
    ops(Absmean{.sums = total,
                .alpha = alpha_,
                .n_groups = n_scales_,
                .factor = 1.0f / static_cast<float>(covered),
                .momentum = exact ? 0.0f : options_.momentum,
                .round_to_f16 = options_.round_to_f16});
  }

  void quantize(Ops& ops) const override {
    for (const BitLinear* m : members_)
      ops(Ternarize{.parameter = kept_of(ops, *m),
                    .alpha = alpha_,
                    .weight = m->trained_trits(),
                    .flips = m->flips,
                    .bound = {}});
  }

  void soften(Ops& ops, float lambda, const Tensor& now) const override {
    for (const BitLinear* m : members_) ops(softened(ops, *m, lambda, now));
  }

 private:
  int64_t n_scales_;
  ScaleOptions options_;
};

}  // namespace

std::unique_ptr<WeightQuantizer> make_absmean(Allocator& allocator, std::vector<BitLinear*> members, int64_t n_scales,
                                              const ScaleOptions& options) {
  return std::make_unique<AbsmeanQuantizer>(allocator, std::move(members), n_scales, options);
}

}  // namespace tritium::training
