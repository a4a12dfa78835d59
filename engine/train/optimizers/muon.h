// Muon (Jordan et al. 2024): a matrix moves by the momentum of its gradient made orthogonal, so that every direction of
// it learns at the same rate. The orthogonal factor comes from some Newton-Schulz steps,
//   X <- a X + (b A + c A A) X,   A = X X^T,
// which bring all singular values near 1. Steps are 0.2 sqrt(larger side) times the learning rate: as large as AdamW's,
// whose rate then fits both (Liu et al. 2025, "Muon is scalable for LLM training", section 2.2).
#pragma once

#include <map>
#include <utility>

#include "train/bit_linear.h"

namespace tritium::training {

struct MuonOptions {
  int steps = 5;          // of Newton-Schulz
  bool row_norm = false;  // rows are brought to one size before them
};

class Muon {
 public:
  explicit Muon(const MuonOptions& options = {}) : options_(options) {}

  // Matrices with sides that are multiples of 8 (rows of a product's weights start on 16 bytes).
  static bool can_update(int64_t rows, int64_t cols);
  // Of the step, in learning rates.
  static double step_scale(const BitLinear& parameter);

  // Constants that the steps of a parameter need.
  void allocate(Allocator& allocator, const BitLinear& parameter);
  // momentum m <- beta m + g with g = gradient_scale * gradient; `now` (StepValues), where it is given, has the
  // gradient_scale, 1 without, and what beta is multiplied with;
  // returns the orthogonal factor of g + beta m (Nesterov) for each matrix of the stack. The gradient is overwritten.
  Tensor direction(Ops& ops, const BitLinear& parameter, float beta, const Tensor& now) const;

 private:
  // Matrices of a stack, [n, rows, cols].
  struct Stack {
    Tensor data;
    int64_t n, rows, cols;
  };
  static Stack take(Ops& ops, int64_t n, int64_t rows, int64_t cols) {
    return {ops.temporary({n, rows, cols}), n, rows, cols};
  }
  // a b^T, of each pair of matrices. [n, a.rows, b.rows]
  Stack times_transposed(Ops& ops, const Stack& a, const Stack& b) const;
  // sum <- sum + a^T b
  void add_transposed_times(Ops& ops, const Stack& a, const Stack& b, const Stack& sum) const;
  Stack newton_schulz(Ops& ops, const Stack& x) const;
  // Parts of x, `elements` long, over their norms.
  Stack normalized(Ops& ops, const Stack& x, int64_t elements) const;
  void allocate_norm(Allocator& allocator, int64_t elements);
  // Of the rows of n matrices: the matrix each belongs to. None for one matrix.
  Tensor matrix_of_row(int64_t n, int64_t rows) const { return n == 1 ? Tensor() : matrix_of_row_.at({n, rows}); }

  MuonOptions options_;
  std::map<std::pair<int64_t, int64_t>, Tensor> matrix_of_row_;
  std::map<int64_t, Tensor> norm_weights_;  // by the elements of a matrix, or of a row
};

}  // namespace tritium::training
