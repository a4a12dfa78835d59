// Which weights share an alpha, and how it follows their shadows.
#pragma once

#include <vector>

#include "train/bit_linear.h"

namespace tritium::training {

struct ScaleOptions {
  // 0: exact, from the shadows as they are now. Else a running average of that weight (0.99), which lets the next step
  // pack while it updates.
  float momentum = 0.0f;
  bool round_to_f16 = true;  // to what files store: what is trained is what is deployed
};

// alpha = mean |shadow| over everything that shares it.
class ScaleGroup {
 public:
  // Members have equal numbers of alphas: n_scales parts each. alpha[i] covers part i of every member.
  static Result<ScaleGroup> create(Allocator& allocator, std::vector<BitLinear*> members, int64_t n_scales,
                                   const ScaleOptions& options);

  const std::vector<BitLinear*>& members() const { return members_; }
  const Tensor& alpha() const { return alpha_; }
  int64_t n_scales() const { return n_scales_; }
  bool running() const { return options_.momentum > 0.0f; }

  // alpha from the members' sums, as the optimiser's last pass left them.
  // exact: without a running average, also where there is one.
  void refresh(Ops& ops, bool exact = false);
  // Packs the trits of every member with alpha; counts flips.
  void ternarize(Ops& ops) const;
  // The members' effective weights w + lambda (alpha t - w); with `now`, lambda times its own.
  void soften(Ops& ops, float lambda, const Tensor& now) const;

 private:
  std::vector<BitLinear*> members_;
  Tensor alpha_;  // f32 [n_scales]
  int64_t n_scales_ = 1;
  ScaleOptions options_;
};

}  // namespace tritium::training
