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

double tolerance_of(std::string_view operation, DType dtype, TensorRole role) {
  // A float that is off by its last bit may cross a rounding boundary: one code of the optimiser's 8-bit states, one
  // unit of a bf16 shadow, which a sum of few weights shows. (quantize_activations rounds exactly, below.)
  if (operation == "adamw_update" || operation == "sgd_update") {
    if (dtype == DType::i8) return 1.0 / 127.0;
    if (dtype == DType::bf16 || role == TensorRole::sum_of_bf16) return 0x1.0p-7;
  }
  // Copies and integer sums; quantisation is rounded by integer arithmetic (shaders/lib/rounding.h).
  for (std::string_view exact : {"embedding", "store_kv", "quantize_activations", "ternary_matmul", "add",
                                 "dequantize_activations", "ternarize", "flip_trits"})
    if (operation == exact) return 0.0;
  // One rounding each of a product and a sum, or of a fused pair.
  if (operation == "rope" || operation == "scaled_add") return 1e-6;
  // n float additions err by at most n * 2^-24 of the sum of magnitudes; n goes to some thousands, signs mix.
  for (std::string_view product :
       {"dense_matmul", "ternary_matmul_f32", "dense_matmul_backward", "ternary_matmul_backward", "weight_gradient",
        "attention_backward", "embedding_backward", "rms_norm_backward", "sum_squares", "absmean"})
    if (operation == product) return 2e-5;
  // exp, sqrt and division of a GPU are good to a few ULP each (Vulkan, "Precision and Operation of SPIR-V").
  return 1e-5;
}

}  // namespace tritium
