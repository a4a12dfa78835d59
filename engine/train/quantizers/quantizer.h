// Quantisers: what makes, of the shadows of some parameters, the weights that the forward pass multiplies with. A file
// each; which one a parameter has is decided in one place (make_quantizers). Parameters that stay full precision, are
// frozen, or flip by chance (optimizers/) have none.
#pragma once

#include <memory>
#include <vector>

#include "train/bit_linear.h"

namespace tritium::training {

class WeightQuantizer {
 public:
  virtual ~WeightQuantizer() = default;
  WeightQuantizer(const WeightQuantizer&) = delete;
  WeightQuantizer& operator=(const WeightQuantizer&) = delete;

  // Those that share it, of one layer.
  const std::vector<BitLinear*>& members() const { return members_; }
  int64_t layer() const { return members_.front()->layer; }

  // Of trits, f32 [n]: scales, equal parts of every member's scale groups; integers have none to keep.
  const Tensor& alpha() const { return alpha_; }
  // Where a trit becomes 0, as a multiple of 1/2 (ops/ternarize.h); none: alpha.
  const Tensor& bound() const { return bound_; }
  const Tensor& rounded_by() const { return bound_ ? bound_ : alpha_; }

  // measure() reads BitLinear::sums, as the optimiser's last pass left them.
  virtual bool uses_sums() const { return false; }
  // The scales of the shadows as they are. exact: without a running average, also where there is one.
  virtual void measure(Ops&, bool exact [[maybe_unused]]) const {}
  // Trits, or integers, by the scales as they are; flips are counted.
  virtual void quantize(Ops& ops) const = 0;
  // The optimiser's pass packs already, by the scales of the step before.
  virtual bool packs_while_updating() const { return false; }
  // Between shadow and trits: w + lambda (alpha t - w); with `now` (StepValues), lambda times its own.
  virtual bool softens() const { return false; }
  virtual void soften(Ops& ops, float lambda [[maybe_unused]], const Tensor& now [[maybe_unused]]) const {
    quantize(ops);
  }

 protected:
  explicit WeightQuantizer(std::vector<BitLinear*> members) : members_(std::move(members)) {}

  std::vector<BitLinear*> members_;
  Tensor alpha_, bound_;
};

using Quantizers = std::vector<std::unique_ptr<WeightQuantizer>>;

struct ScaleOptions {
  // 0: exact, from the shadows as they are now. Else a running average of that weight (0.99), which lets the next step
  // pack while it updates.
  float momentum = 0.0f;
  bool round_to_f16 = true;  // to what files store: what is trained is what is deployed
};

// alpha = mean |shadow| over everything that shares it, trits round(w / alpha) (Ma et al. 2024, "The Era of 1-bit
// LLMs"). Members have equal numbers of alphas: n_scales parts each; alpha[i] covers part i of every member.
std::unique_ptr<WeightQuantizer> make_absmean(Allocator& allocator, std::vector<BitLinear*> members, int64_t n_scales,
                                              const ScaleOptions& options);
// Of each row: alpha = the mean of the |shadow| above 0.7 of its mean, the others are 0 (ops/threshold_scales.h).
std::unique_ptr<WeightQuantizer> make_threshold(Allocator& allocator, BitLinear& member, const ScaleOptions& options);
// Integers by rows: s = max |w| / qmax.
std::unique_ptr<WeightQuantizer> make_integers(BitLinear& member);

struct QuantizerOptions {
  TernaryQuantizer ternary = TernaryQuantizer::automatic;
  bool trained_by_threshold = false;  // weights that come as trits were: their trits and alphas stay
  ScaleSync scale_sync = ScaleSync::automatic;
  ScaleOptions scales;
};

// Those of all parameters that need one, and the shadows of those that came as trits and get one.
Result<Quantizers> make_quantizers(Allocator& allocator, const std::vector<BitLinear*>& parameters,
                                   const QuantizerOptions& options);

}  // namespace tritium::training
