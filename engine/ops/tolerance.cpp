#include "ops/tolerance.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

namespace tritium {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

float float_at(std::span<const std::byte> bytes, size_t index) {
  float value = 0;
  std::memcpy(&value, &bytes[4 * index], 4);
  return value;
}

}  // namespace

double relative_error(DType dtype, std::span<const std::byte> expected, std::span<const std::byte> tested) {
  if (expected.size() != tested.size()) return kInfinity;
  if (std::ranges::equal(expected, tested)) return 0.0;
  if (dtype != DType::f32) return kInfinity;
  double largest = 0;
  double difference = 0;
  for (size_t i = 0; i < expected.size() / 4; ++i) {
    const double e = float_at(expected, i);
    const double t = float_at(tested, i);
    if (std::isnan(e) && std::isnan(t)) continue;
    if (std::isinf(e) && e == t) continue;
    if (!std::isfinite(e) || !std::isfinite(t)) return kInfinity;
    largest = std::max(largest, std::abs(e));
    difference = std::max(difference, std::abs(e - t));
  }
  return difference / (largest > 0 ? largest : 1.0);
}

double tolerance_of(std::string_view operation) {
  // Copies and integer sums; quantisation is rounded by integer arithmetic (shaders/lib/rounding.h).
  for (std::string_view exact : {"embedding", "store_kv", "quantize_activations", "ternary_matmul", "add"})
    if (operation == exact) return 0.0;
  // One rounding each of a product and a sum, or of a fused pair.
  if (operation == "rope") return 1e-6;
  // n float additions err by at most n * 2^-24 of the sum of magnitudes; n goes to some thousands, signs mix.
  if (operation == "dense_matmul" || operation == "ternary_matmul_f32") return 2e-5;
  // exp, sqrt and division of a GPU are good to a few ULP each (Vulkan, "Precision and Operation of SPIR-V").
  return 1e-5;
}

}  // namespace tritium
