#include "train/study/fault_values.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "base/cancel.h"
#include "tensor/half.h"

namespace tritium::training {
namespace {

constexpr float kSmallest = 1e-12f;

float as_f16(float x) { return f16_to_f32(f32_to_f16(x)); }

float largest_of(std::span<const float> row) {
  float most = 0;
  for (const float w : row) most = std::fmax(most, std::abs(w));
  return most;
}

// s clip(round(w / s), -c, c).
void round_row(std::span<const float> row, float s, int qmax, std::span<float> out) {
  const auto c = static_cast<float>(qmax);
  for (size_t i = 0; i < row.size(); ++i) out[i] = s > 0 ? s * std::clamp(std::nearbyint(row[i] / s), -c, c) : 0.0f;
}

// With a scale of F16.
void quantise_row(std::span<const float> row, float scale, int qmax, std::span<float> out) {
  round_row(row, as_f16(std::fmax(scale, kSmallest)), qmax, out);
}

float mean_of(std::span<const float> group) {
  double sum = 0;
  for (const float w : group) sum += std::abs(w);
  return static_cast<float>(sum / static_cast<double>(group.size()));
}

// Calls quantise(in, out) for each part of the matrix that has a scale of its own.
template <typename Quantise>
std::vector<float> by_scales(std::span<const float> shadow, const QuantisedMatrix& m, const Quantise& quantise) {
  std::vector<float> out(shadow.size());
  const auto cols = static_cast<size_t>(m.cols), group = m.group_size > 0 ? static_cast<size_t>(m.group_size) : cols;
  for (size_t row = 0; row < shadow.size(); row += cols) {
    check_cancelled();
    for (size_t at = 0; at < cols; at += group) {
      const size_t n = std::min(group, cols - at);
      quantise(shadow.subspan(row + at, n), std::span(out).subspan(row + at, n));
    }
  }
  return out;
}

// The trainer's own rule: integers by the largest |w|, trits by the mean.
float scale_of(std::span<const float> part, const QuantisedMatrix& m) {
  return m.qmax > 0 ? largest_of(part) / static_cast<float>(m.qmax) : mean_of(part);
}

std::vector<float> quantised(std::span<const float> shadow, const QuantisedMatrix& m) {
  return by_scales(shadow, m, [&](std::span<const float> in, std::span<float> out) {
    quantise_row(in, scale_of(in, m), std::max(m.qmax, 1), out);
  });
}

std::vector<float> with_unrounded_scales(const QuantisedMatrix& m) {
  return by_scales(m.shadow, m, [&](std::span<const float> in, std::span<float> out) {
    round_row(in, std::fmax(scale_of(in, m), kSmallest), std::max(m.qmax, 1), out);
  });
}

// What training did not quantise, with integers a row.
std::vector<float> quantised_after(QuantisedMatrix m, int qmax) {
  m.qmax = qmax;
  m.group_size = 0;
  return quantised(m.shadow, m);
}

std::vector<float> with_floor(const QuantisedMatrix& m) {
  const auto c = static_cast<float>(m.qmax);
  return by_scales(m.shadow, m, [&](std::span<const float> in, std::span<float> out) {
    quantise_row(in, std::fmax(largest_of(in) / c, 1.0f / c), m.qmax, out);
  });
}

// |w| of the row at a quantile, between neighbours.
float quantile(std::span<const float> magnitudes, double p) {
  const double at = p * static_cast<double>(magnitudes.size() - 1);
  const auto below = static_cast<size_t>(at);
  const size_t above = std::min(below + 1, magnitudes.size() - 1);
  const auto part = static_cast<float>(at - static_cast<double>(below));
  return magnitudes[below] + part * (magnitudes[above] - magnitudes[below]);
}

std::vector<float> clipped_by(const QuantisedMatrix& m, double p) {
  std::vector<float> magnitudes;
  return by_scales(m.shadow, m, [&](std::span<const float> in, std::span<float> out) {
    magnitudes.resize(in.size());
    std::ranges::transform(in, magnitudes.begin(), [](float w) { return std::abs(w); });
    std::ranges::sort(magnitudes);
    quantise_row(in, quantile(magnitudes, p) / static_cast<float>(m.qmax), m.qmax, out);
  });
}

std::vector<float> with_clip(const QuantisedMatrix& m) {
  std::vector<float> best;
  double least = std::numeric_limits<double>::infinity();
  for (const double p : {0.999, 0.9995, 0.9999, 0.99999, 1.0}) {
    std::vector<float> values = clipped_by(m, p);
    double error = 0;
    for (size_t i = 0; i < values.size(); ++i) error += std::pow(double{values[i]} - m.shadow[i], 2);
    if (error < least) least = error, best = std::move(values);
  }
  return best;
}

std::vector<float> with_bf16_input(const QuantisedMatrix& m) {
  std::vector<float> shadow(m.shadow.size());
  std::ranges::transform(m.shadow, shadow.begin(), [](float w) { return bf16_to_f32(f32_to_bf16(w)); });
  return quantised(shadow, m);
}

std::vector<float> rounded_to_f16(std::span<const float> shadow) {
  std::vector<float> values(shadow.size());
  std::ranges::transform(shadow, values.begin(), as_f16);
  return values;
}

std::vector<float> pruned(const QuantisedMatrix& m) {
  std::vector<float> magnitudes(m.shadow.size()), shadow(m.shadow.begin(), m.shadow.end());
  std::ranges::transform(m.shadow, magnitudes.begin(), [](float w) { return std::abs(w); });
  const auto n = static_cast<size_t>((m.attention ? 0.03 : 0.05) * static_cast<double>(magnitudes.size()));
  std::ranges::nth_element(magnitudes, magnitudes.begin() + static_cast<std::ptrdiff_t>(n));
  for (float& w : shadow)
    if (std::abs(w) < magnitudes[n]) w = 0;
  return quantised(shadow, m);
}

}  // namespace

std::vector<float> faulty_values(Fault fault, const QuantisedMatrix& m) {
  const bool integers = m.qmax > 0;
  const auto as_trained = [&] { return std::vector(m.trained.begin(), m.trained.end()); };
  if (fault == Fault::attention_after) return m.attention && !m.quantised ? quantised_after(m, 31) : as_trained();
  if (fault == Fault::embedding_after) return m.embedding && !m.quantised ? quantised_after(m, 127) : as_trained();
  if (!m.quantised) return as_trained();
  switch (fault) {
    case Fault::scale_floor: return integers ? with_floor(m) : as_trained();
    case Fault::export_clip: return integers ? with_clip(m) : as_trained();
    case Fault::bf16_input: return with_bf16_input(m);
    case Fault::unquantised_validation: return {m.shadow.begin(), m.shadow.end()};
    case Fault::prune_after: return pruned(m);
    case Fault::scale_unrounded: return with_unrounded_scales(m);
    case Fault::projections_f16: return m.projection ? rounded_to_f16(m.shadow) : as_trained();
    case Fault::requantise_twice: return quantised(m.trained, m);
    case Fault::attention_after:
    case Fault::embedding_after: break;
  }
  return as_trained();
}

}  // namespace tritium::training
