#include "training/muon.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

namespace tritium::training {
namespace {

constexpr int64_t kSideAlign = 8;
constexpr int kIterations = 5;
// Jordan et al. 2024: the steepest odd quintic at 0 that keeps singular values within about 0.7 and 1.2.
constexpr float kA = 3.4445f, kB = -4.7750f, kC = 2.0315f;

}  // namespace

bool Muon::can_update(int64_t rows, int64_t cols) {
  return rows > 1 && rows % kSideAlign == 0 && cols % kSideAlign == 0;
}

double Muon::step_scale(const BitLinear& p) { return 0.2 * std::sqrt(static_cast<double>(std::max(p.rows, p.cols))); }

Muon::Stack Muon::take(Arena& arena, int64_t n, int64_t rows, int64_t cols) const {
  return {arena.take({n, rows, cols}), n, rows, cols};
}

Tensor Muon::matrix_of_row(int64_t n, int64_t rows) {
  if (n == 1) return {};
  Tensor& ids = matrix_of_row_[{n, rows}];
  if (ids) return ids;
  Result<Tensor> made = ops_.backend().allocate({n * rows, 1}, DType::i32, "matrix of row");
  if (!made.ok()) {
    ops_.fail(made.status());
    return {};
  }
  std::vector<int32_t> values(static_cast<size_t>(n * rows));
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<int32_t>(static_cast<int64_t>(i) / rows);
  ops_.upload(*made, std::as_bytes(std::span(values)));
  return ids = *made;
}

Muon::Stack Muon::times_transposed(Arena& arena, const Stack& a, const Stack& b) {
  Stack y = take(arena, a.n, a.rows, b.rows);
  if (!ops_.ok()) return y;
  ops_(DenseMatmul{.x = a.data.view({a.n * a.rows, a.cols}),
                   .weight = as_weight(b.data, "muon"),
                   .expert_ids = matrix_of_row(a.n, a.rows),
                   .y = y.data.view({a.n * a.rows, b.rows}),
                   .single_precision = true});
  return y;
}

void Muon::add_transposed_times(const Stack& a, const Stack& b, const Stack& sum) {
  ops_(WeightGradient{.x = b.data.view({b.n * b.rows, b.cols}),
                      .q = {},
                      .scales = {},
                      .dy = a.data.view({a.n * a.rows, a.cols}),
                      .expert_ids = matrix_of_row(a.n, a.rows),
                      .dw = sum.data});
}

Muon::Stack Muon::newton_schulz(Arena& arena, const Stack& x) {
  const bool wide = x.rows <= x.cols;
  const int64_t side = std::min(x.rows, x.cols);
  Stack a;
  if (wide) {
    a = times_transposed(arena, x, x);
  } else {
    a = take(arena, x.n, side, side);
    if (!ops_.ok()) return x;
    // Zeros, made from what is known to be finite.
    const Tensor part = x.data.view({x.n, side, side});
    ops_(ScaledAdd{.a = part, .b = part, .y = a.data, .a_scale = 0.0f, .b_scale = 0.0f});
    add_transposed_times(x, x, a);
  }
  const Stack b = times_transposed(arena, a, a);  // A is symmetric
  if (!ops_.ok()) return x;
  ops_(ScaledAdd{.a = a.data, .b = b.data, .y = b.data, .a_scale = kB, .b_scale = kC});
  if (!wide) {
    Stack y = times_transposed(arena, x, b);
    if (ops_.ok()) ops_(ScaledAdd{.a = x.data, .b = y.data, .y = y.data, .a_scale = kA, .b_scale = 1.0f});
    return y;
  }
  Stack y = take(arena, x.n, x.rows, x.cols);
  if (!ops_.ok()) return x;
  ops_(ScaledAdd{.a = x.data, .b = x.data, .y = y.data, .a_scale = kA, .b_scale = 0.0f});
  add_transposed_times(b, x, y);
  return y;
}

// An RMS norm over a whole matrix, with weights 1 / sqrt(elements).
Muon::Stack Muon::normalized(Arena& arena, const Stack& x) {
  const int64_t elements = x.rows * x.cols;
  Tensor& weights = norm_weights_[elements];
  if (!weights) {
    Result<Tensor> made = ops_.backend().allocate({elements}, DType::f32, "norm weights");
    if (!made.ok()) {
      ops_.fail(made.status());
      return x;
    }
    weights = *made;
    const std::vector<float> values(static_cast<size_t>(elements),
                                    static_cast<float>(1.0 / std::sqrt(static_cast<double>(elements))));
    ops_.upload(weights, std::as_bytes(std::span(values)));
  }
  Stack y = take(arena, x.n, x.rows, x.cols);
  if (ops_.ok())
    ops_(RmsNorm{.x = x.data.view({x.n, elements}),
                 .weight = weights,
                 .y = y.data.view({x.n, elements}),
                 .eps = 1e-30f});  // an expert without tokens stays 0
  return y;
}

Tensor Muon::direction(Arena& arena, const BitLinear& p, float beta, float gradient_scale) {
  ops_(ScaledAdd{.a = p.m, .b = p.gradient, .y = p.m, .a_scale = beta, .b_scale = gradient_scale});
  ops_(ScaledAdd{.a = p.gradient, .b = p.m, .y = p.gradient, .a_scale = gradient_scale, .b_scale = beta});
  Stack x = normalized(arena, {p.gradient, p.n_matrices, p.rows, p.cols});
  for (int i = 0; i < kIterations && ops_.ok(); ++i) x = newton_schulz(arena, x);
  return x.data;
}

}  // namespace tritium::training
