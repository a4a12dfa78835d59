#include "train/optimizers/muon.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

namespace tritium::training {
namespace {

constexpr int64_t kSideAlign = 8;
// Jordan et al. 2024: the steepest odd quintic at 0 that keeps singular values within about 0.7 and 1.2.
constexpr float kA = 3.4445f, kB = -4.7750f, kC = 2.0315f;

}  // namespace

bool Muon::can_update(int64_t rows, int64_t cols) {
  return rows > 1 && rows % kSideAlign == 0 && cols % kSideAlign == 0;
}

double Muon::step_scale(const BitLinear& p) { return 0.2 * std::sqrt(static_cast<double>(std::max(p.rows, p.cols))); }

void Muon::allocate(Allocator& allocator, const BitLinear& p) {
  for (const int64_t rows : {p.rows, std::min(p.rows, p.cols)}) {
    if (p.n_matrices == 1 || matrix_of_row_.contains({p.n_matrices, rows})) continue;
    const Tensor ids = allocator.tensor("matrix of row", {p.n_matrices * rows, 1}, DType::i32);
    std::vector<int32_t> values(static_cast<size_t>(ids.elements()));
    for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<int32_t>(static_cast<int64_t>(i) / rows);
    allocator.upload(ids, std::as_bytes(std::span(values)));
    matrix_of_row_[{p.n_matrices, rows}] = ids;
  }
  allocate_norm(allocator, p.rows * p.cols);
  if (options_.row_norm) allocate_norm(allocator, p.cols);
}

void Muon::allocate_norm(Allocator& allocator, int64_t elements) {
  if (norm_weights_.contains(elements)) return;
  const Tensor weights = allocator.tensor("norm weights", {elements});
  const std::vector<float> values(static_cast<size_t>(elements),
                                  static_cast<float>(1.0 / std::sqrt(static_cast<double>(elements))));
  allocator.upload(weights, std::as_bytes(std::span(values)));
  norm_weights_[elements] = weights;
}

Muon::Stack Muon::times_transposed(Ops& ops, const Stack& a, const Stack& b) const {
  Stack y = take(ops, a.n, a.rows, b.rows);
  ops(DenseMatmul{.x = a.data.view({a.n * a.rows, a.cols}),
                  .weight = as_weight(b.data, "muon"),
                  .expert_ids = matrix_of_row(a.n, a.rows),
                  .y = y.data.view({a.n * a.rows, b.rows}),
                  .single_precision = true});
  return y;
}

void Muon::add_transposed_times(Ops& ops, const Stack& a, const Stack& b, const Stack& sum) const {
  ops(WeightGradient{.x = b.data.view({b.n * b.rows, b.cols}),
                     .q = {},
                     .scales = {},
                     .dy = a.data.view({a.n * a.rows, a.cols}),
                     .expert_ids = matrix_of_row(a.n, a.rows),
                     .dw = sum.data});
}

Muon::Stack Muon::newton_schulz(Ops& ops, const Stack& x) const {
  const bool wide = x.rows <= x.cols;
  const int64_t side = std::min(x.rows, x.cols);
  Stack a;
  if (wide) {
    a = times_transposed(ops, x, x);
  } else {
    a = take(ops, x.n, side, side);
    // Zeros, made from what is known to be finite.
    const Tensor part = x.data.view({x.n, side, side});
    ops(ScaledAdd{.a = part, .b = part, .y = a.data, .a_scale = 0.0f, .b_scale = 0.0f});
    add_transposed_times(ops, x, x, a);
  }
  const Stack b = times_transposed(ops, a, a);  // A is symmetric
  ops(ScaledAdd{.a = a.data, .b = b.data, .y = b.data, .a_scale = kB, .b_scale = kC});
  if (!wide) {
    Stack y = times_transposed(ops, x, b);
    ops(ScaledAdd{.a = x.data, .b = y.data, .y = y.data, .a_scale = kA, .b_scale = 1.0f});
    return y;
  }
  Stack y = take(ops, x.n, x.rows, x.cols);
  ops(ScaledAdd{.a = x.data, .b = x.data, .y = y.data, .a_scale = kA, .b_scale = 0.0f});
  add_transposed_times(ops, b, x, y);
  return y;
}

// An RMS norm over a whole matrix, or a row, with weights 1 / sqrt(elements).
Muon::Stack Muon::normalized(Ops& ops, const Stack& x, int64_t elements) const {
  const int64_t parts = x.n * x.rows * x.cols / elements;
  Stack y = take(ops, x.n, x.rows, x.cols);
  ops(RmsNorm{.x = x.data.view({parts, elements}),
              .weight = norm_weights_.at(elements),
              .y = y.data.view({parts, elements}),
              .eps = 1e-30f});  // an expert without tokens stays 0
  return y;
}

Tensor Muon::direction(Ops& ops, const BitLinear& p, float beta, const Tensor& now) const {
  const auto add = [&](const Tensor& into) {
    ops(ScaledAdd{.a = p.m,
                  .b = p.gradient,
                  .y = into,
                  .a_scale = beta,
                  .b_scale = 1.0f,
                  .step_factor = now ? StepFactor::momentum : StepFactor::none,
                  .now = now});
  };
  add(p.m);
  add(p.gradient);
  Stack x = {p.gradient, p.n_matrices, p.rows, p.cols};
  if (options_.row_norm) x = normalized(ops, x, p.cols);
  x = normalized(ops, x, p.rows * p.cols);
  for (int i = 0; i < options_.steps; ++i) x = newton_schulz(ops, x);
  return x.data;
}

}  // namespace tritium::training
