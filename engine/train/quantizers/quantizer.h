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

  // f32 [n]: scales, equal parts of every member's scale groups.
  const Tensor& alpha() const { return alpha_; }
  // Where a trit becomes 0, as a multiple of 1/2 (ops/ternarize.h); none: alpha.
  const Tensor& bound() const { return bound_; }
  const Tensor& rounded_by() const { return bound_ ? bound_ : alpha_; }
  // A checkpoint holds its scales, and what was quantised by them; else both follow from the shadows.
  virtual bool kept() const { return true; }

  // measure() reads BitLinear::sums, as the optimiser's last pass left them.
  virtual bool uses_sums() const { return false; }
  // The scales of the shadows as they are. exact: without a running average, also where there is one.
  virtual void measure(Ops& ops, bool exact) const = 0;
  // Trits, or integers, by the scales as they are; flips are counted.
  virtual void quantize(Ops& ops) const = 0;
  // The optimiser's pass packs already, by the scales of the step before.
  virtual bool packs_while_updating() const { return false; }
  // Into BitLinear::effective: w + lambda (quantised - w); with `now` (StepValues), lambda times its own.
  virtual void soften(Ops& ops, float lambda, const Tensor& now) const = 0;
  // quantize() packs trits; else it writes to BitLinear::effective, too.
  virtual bool packs() const { return true; }

 protected:
  WeightQuantizer(std::vector<BitLinear*> members, double prune) : members_(std::move(members)), prune_(prune) {}

  bool prunes() const { return prune_ > 0.0; }
  // What is quantised of a member: the shadow, or a copy without the least of each row.
  Weight kept_of(Ops& ops, const BitLinear& member) const;
  // The operation that all of them soften by, as far as it is the same.
  FakeQuantize softened(Ops& ops, const BitLinear& member, float lambda, const Tensor& now) const;

  std::vector<BitLinear*> members_;
  Tensor alpha_, bound_;

 private:
  double prune_;
};

using Quantizers = std::vector<std::unique_ptr<WeightQuantizer>>;

struct ScaleOptions {
  // 0: exact, from the shadows as they are now. Else a running average of that weight (0.99), which lets the next step
  // pack while it updates.
  float momentum = 0.0f;
  bool round_to_f16 = true;  // to what files store: what is trained is what is deployed
  // The part of each row, floor(prune cols) of the least |shadow|, that is quantised as 0. By rows, for a threshold of
  // a whole matrix would be measured anew each step; scales are those of all weights.
  double prune = 0.0;
};

// A copy in floats of the shadow's layout, to be written.
Weight float_copy(Ops& ops, const BitLinear& member);

// alpha = mean |shadow| over everything that shares it, trits round(w / alpha) (Ma et al. 2024, "The Era of 1-bit
// LLMs"). Members have equal numbers of alphas: n_scales parts each; alpha[i] covers part i of every member.
std::unique_ptr<WeightQuantizer> make_absmean(Allocator& allocator, std::vector<BitLinear*> members, int64_t n_scales,
                                              const ScaleOptions& options);
// Of each row: alpha = the mean of the |shadow| above 0.7 of its mean, the others are 0 (ops/threshold_scales.h).
std::unique_ptr<WeightQuantizer> make_threshold(Allocator& allocator, BitLinear& member, const ScaleOptions& options);
// Of each four columns, 16 apart, the least |shadow| is 0 and the others are not (ops/sparse_signs.h).
std::unique_ptr<WeightQuantizer> make_sparse34(Allocator& allocator, BitLinear& member, const ScaleOptions& options);
// Integers by rows, or groups of columns (ops/integer_scales.h).
std::unique_ptr<WeightQuantizer> make_integers(Allocator& allocator, BitLinear& member, IntegerQuantizer scales,
                                               const ScaleOptions& options);

struct QuantizerOptions {
  TernaryQuantizer ternary = TernaryQuantizer::automatic;
  bool trained_by_threshold = false;  // weights that come as trits were: their trits and alphas stay
  IntegerQuantizer integers = IntegerQuantizer::absmax;
  ScaleSync scale_sync = ScaleSync::automatic;
  ScaleOptions scales;
};

// Those of all parameters that need one, and the shadows of those that came as trits and get one.
Result<Quantizers> make_quantizers(Allocator& allocator, const std::vector<BitLinear*>& parameters,
                                   const QuantizerOptions& options);

}  // namespace tritium::training
