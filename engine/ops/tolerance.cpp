#include "ops/tolerance.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

#include "tensor/half.h"

namespace tritium {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

double value_at(std::span<const std::byte> bytes, DType dtype, size_t index) {
  if (dtype == DType::i8) return static_cast<int8_t>(bytes[index]);
  float value = 0;
  if (dtype == DType::f32) {
    std::memcpy(&value, &bytes[4 * index], 4);
    return value;
  }
  uint16_t bits = 0;
  std::memcpy(&bits, &bytes[2 * index], 2);
  return dtype == DType::f16 ? f16_to_f32(bits) : bf16_to_f32(bits);
}

}  // namespace

double relative_error(DType dtype, std::span<const std::byte> expected, std::span<const std::byte> tested) {
  if (expected.size() != tested.size()) return kInfinity;
  if (std::ranges::equal(expected, tested)) return 0.0;
  if (dtype == DType::i32 || dtype == DType::trit2) return kInfinity;
  double largest = dtype == DType::i8 ? 127.0 : 0.0;
  double difference = 0;
  const size_t n = expected.size() * 8 / static_cast<size_t>(bits_of(dtype));
  for (size_t i = 0; i < n; ++i) {
    const double e = value_at(expected, dtype, i);
    const double t = value_at(tested, dtype, i);
    if (std::isnan(e) && std::isnan(t)) continue;
    if (std::isinf(e) && e == t) continue;
    if (!std::isfinite(e) || !std::isfinite(t)) return kInfinity;
    largest = std::max(largest, std::abs(e));
    difference = std::max(difference, std::abs(e - t));
  }
  return difference / (largest > 0 ? largest : 1.0);
}

}  // namespace tritium
