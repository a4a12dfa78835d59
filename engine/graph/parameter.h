// Parameter: a stack of weight matrices as the functions of a pass see it: what they multiply with, where its gradient
// goes, and what stands beside it.
#pragma once

#include <utility>

#include "ops/tensor.h"

namespace tritium {

class Parameter {
 public:
  // y += scale B (A x) (Hu et al. 2021, "LoRA"); none: null.
  struct LowRank {
    const Parameter* a = nullptr;  // [n_matrices, rank, cols]
    const Parameter* b = nullptr;  // [n_matrices, rows, rank]
    float scale = 1.0f;
  };

  Parameter() = default;
  Parameter(const Parameter&) = default;
  Parameter(Parameter&&) = default;
  Parameter& operator=(const Parameter&) = default;
  Parameter& operator=(Parameter&&) = default;
  virtual ~Parameter() = default;

  virtual const Weight& weight() const = 0;
  // Its products take int8 codes of their input, where the pass has them.
  virtual bool takes_codes() const { return weight().has_scales(); }
  virtual bool trains() const { return false; }
  virtual LowRank low_rank() const { return {}; }

  Tensor gradient;  // f32 [n_matrices, rows, cols], += while it trains
};

// Weights as a file has them.
class FixedParameter final : public Parameter {
 public:
  explicit FixedParameter(Weight weight) : weight_(std::move(weight)) {}
  const Weight& weight() const override { return weight_; }
  LowRank low_rank() const override { return low_rank_; }
  // The parts outlive this.
  void set_low_rank(const LowRank& low_rank) { low_rank_ = low_rank; }

 private:
  Weight weight_;
  LowRank low_rank_;
};

}  // namespace tritium
