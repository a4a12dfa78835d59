// How different two backends' results may be.
#pragma once

#include <cstddef>
#include <span>

#include "tensor/dtype.h"

namespace tritium {

// What an operation does with a tensor. sum_of_bf16, sum_of_codes: an output that adds up values which were rounded to
// bf16, or to 8-bit codes, before.
enum class Role { input, output, in_out, sum_of_bf16, sum_of_codes };

// Largest |tested - expected| over a tensor, as a fraction of the largest |expected| (of 1 when that is 0).
// Infinity when one side is not finite where the other differs, or when integers differ (8-bit ones count as fractions
// of 127). 0: equal to the bit.
double relative_error(DType dtype, std::span<const std::byte> expected, std::span<const std::byte> tested);

// Bounds of relative_error, an operation's kTolerance.
// Copies and integer sums; quantisation is rounded by integer arithmetic (shaders/lib/rounding.h).
inline constexpr double kExact = 0.0;
// One rounding each of a product and a sum, or of a fused pair.
inline constexpr double kOneRounding = 1e-6;
// n float additions err by at most n * 2^-24 of the sum of magnitudes; n goes to some thousands, signs mix.
inline constexpr double kLongSum = 2e-5;
// exp, sqrt and division of a GPU are good to a few ULP each (Vulkan, "Precision and Operation of SPIR-V").
inline constexpr double kDeviceFunctions = 1e-5;
// Of a product whose int8 inputs are made within: a value that is off by its last bit may be rounded to the next code.
// One code of 127 in one of n columns moves a sum of n products by 1 / (40 sqrt(2 n / 3)) of its spread, about: of 64
// columns 0.004.
inline constexpr double kOneCode = 4e-3;

// Of an optimiser: a float that is off by its last bit may cross a rounding boundary: one code of its 8-bit states or
// shadow, one unit of a bf16 shadow, which a sum of few weights shows: of a row that adds up to 16 codes or more.
constexpr double tolerance_of_update(DType dtype, Role role) {
  if (dtype == DType::i8) return 1.0 / 127.0;
  if (role == Role::sum_of_codes) return 1.0 / 16.0;
  return dtype == DType::bf16 || role == Role::sum_of_bf16 ? 0x1.0p-7 : kDeviceFunctions;
}

template <typename Op>
double tolerance_of(DType dtype, Role role) {
  if constexpr (requires { Op::tolerance(dtype, role); }) {
    return Op::tolerance(dtype, role);
  } else {
    return Op::kTolerance;
  }
}

}  // namespace tritium
