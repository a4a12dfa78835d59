// w -> noise -> rounding -> sums of |w| -> trits: what the optimisers and the quantiser do with a row of a parameter.
#pragma once

#include <cmath>
#include <vector>

#include "cpu_ref/weight_value.h"
#include "shaders/lib/shadow.h"
#include "shaders/lib/shadow_code.h"
#include "shaders/lib/ternary.h"
#include "shaders/params/shadow.h"

namespace tritium::cpu_ref {

// Which alpha covers a weight (Ternarize). p: the params of an operation that has scale groups.
size_t alpha_of(const auto& p, size_t row, size_t col) {
  return (row * p.n_groups + col / p.group_size) * p.n_alpha / (size_t{p.n_rows} * p.n_groups);
}

// Replaces the trits and scales of a row by those of value(c); returns how many trits changed. p: ShadowParams or
// TernarizeParams.
template <typename Value>
int32_t ternarize_row(const auto& p, size_t row, const Value& value, std::span<const float> alpha,
                      std::span<const float> bound, std::span<uint32_t> words, std::span<float> scales) {
  int32_t changed = 0;
  for (size_t g = 0; g < p.n_groups; ++g) scales[row * p.n_scales + g] = alpha[alpha_of(p, row, g * p.group_size)];
  for (size_t c = 0; c < p.cols; ++c) {
    const size_t at = row * p.padded_cols + c;
    const int trit = shader::ternary_trit(value(c), bound[alpha_of(p, row, c)]);
    changed += trit != trit_at(words, at);
    set_trit(words, at, trit);
  }
  return changed;
}

// Clipped straight-through: weights far beyond the boundary get no gradient.
inline double straight_through(const ShadowParams& p, double gradient, double w, size_t row, size_t col,
                               std::span<const float> alpha) {
  if (!(p.clip > 0.0f)) return gradient;
  return std::abs(w) > double{p.clip} * alpha[alpha_of(p, row, col)] ? 0.0 : gradient;
}

// The planes that ShadowUpdate writes.
struct ShadowPlanes {
  std::span<std::byte> parameter;
  std::span<float> sums;
  std::span<const float> alpha;
  std::span<uint32_t> words;
  std::span<float> scales;
  std::span<int32_t> flips;
};

inline double shadow_value(const ShadowParams& p, const ShadowPlanes& planes, size_t row, size_t col) {
  return parameter_value(planes.parameter, p.plane, row * p.plane.row_stride + col);
}

// Element `at` of the parameter, `index` of those that have random numbers.
inline void store_value(const ShadowParams& p, std::span<std::byte> values, size_t at, float w, uint32_t index) {
  const auto dtype = static_cast<DType>(p.plane.dtype);
  const float step = p.plane.code_step;
  const auto random = [&] { return shader::random_words(p.seed, p.step, p.stream, index).x; };
  if (dtype == DType::f32) {
    std::memcpy(&values[4 * at], &w, 4);
  } else if (dtype == DType::i8) {
    values[at] = static_cast<std::byte>(p.stochastic ? shader::shadow_code_stochastic(w, step, random() >> 8)
                                                     : shader::shadow_code_nearest(w, step));
  } else {
    const auto bits =
        static_cast<uint16_t>(p.stochastic ? shader::bf16_stochastic(w, random()) : shader::bf16_nearest(w));
    std::memcpy(&values[2 * at], &bits, 2);
  }
}

// After the optimiser's step, which made `stepped` of a row.
inline void write_row(const ShadowParams& p, size_t row, std::span<const float> stepped, const ShadowPlanes& planes) {
  std::vector<double> sums(p.n_groups);
  for (size_t c = 0; c < p.cols; ++c) {
    float w = stepped[c];
    const auto index = static_cast<uint32_t>(row * p.cols + c);
    if (p.noise_scale > 0.0f)
      w = shader::with_boundary_noise(w, planes.alpha[alpha_of(p, row, c)], p.noise_scale, p.noise_zone, p.seed, p.step,
                                      p.stream, index);
    store_value(p, planes.parameter, row * p.plane.row_stride + c, w, index);
    sums[c / p.group_size] += std::abs(shadow_value(p, planes, row, c));
  }
  for (size_t g = 0; p.with_sums && g < p.n_groups; ++g)
    planes.sums[row * p.n_groups + g] = static_cast<float>(sums[g]);
  if (!p.with_weight) return;
  const auto value = [&](size_t c) { return static_cast<float>(shadow_value(p, planes, row, c)); };
  const int32_t changed = ternarize_row(p, row, value, planes.alpha, planes.alpha, planes.words, planes.scales);
  if (p.count_flips) planes.flips[row] += changed;
}

// A row of a matrix that was not used: its gradient is cleared, it is written as it was, without noise.
inline bool keeps_row(const ShadowParams& p, size_t row, std::span<const float> uses, std::span<float> gradient,
                      const ShadowPlanes& planes) {
  if (p.rows_per_matrix == 0 || uses[row / p.rows_per_matrix] != 0.0f) return false;
  std::vector<float> same(p.cols);
  for (size_t c = 0; c < p.cols; ++c) {
    same[c] = static_cast<float>(shadow_value(p, planes, row, c));
    gradient[row * p.cols + c] = 0.0f;
  }
  ShadowParams still = p;
  still.noise_scale = 0.0f;
  write_row(still, row, same, planes);
  return true;
}

}  // namespace tritium::cpu_ref
