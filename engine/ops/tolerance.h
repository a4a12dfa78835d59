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
// Short sums of both signs, of which digits cancel: of n / 128 + 7 additions for each invocation of a workgroup; of a
// moment and a gradient.
inline constexpr double kShortSum = 1e-5;

// What Vulkan lets a device's functions be off by ("Precision and Operation of SPIR-V Instructions"), as a fraction of
// their value, of which a unit in the last place is at most 2^-23. From these follow the bounds of operations that use
// them; each says for which arguments, since an exponential's error grows with its argument.
inline constexpr double kUlp = 0x1.0p-23;
inline constexpr double kRounding = kUlp / 2;  // sums and products, to nearest, and the reference's own result
inline constexpr double kDivision = 2.5 * kUlp;
inline constexpr double kSquareRoot = 2 * kUlp + kDivision;  // 1 / inversesqrt
inline constexpr double kLogNearOne = 4 * kUlp;              // log of 0.5 to 2, absolute; elsewhere 3 ULP
// exp(x), where x comes from arithmetic that is off by a part `before` of it.
constexpr double exp_error(double x, double before = 0) { return (3 + 2 * x) * kUlp + before * x; }

// A sum of 2^k positive values in a workgroup: 2^k / 128 additions of an invocation, 7 of the tree.
constexpr double sum_error(int k) { return ((k > 7 ? 1 << (k - 7) : 1) + 7) * kRounding; }

// exp(x_j) / sum of exp(x_i) over 2^k scores, x_j <= 0 the distance from the largest, a difference and thus off by a
// rounding. As a fraction of the largest exponential, 1, a term is off by exp(x) exp_error(x) <= exp_error(0). Their
// sum is off by the mean of exp_error(x_i) over the distribution p, and the mean of |x_i| is its entropy less the log
// of the sum: at most log 2^k. Last come the division, a product with it, and the reference's rounding.
constexpr double softmax_error(int k) {
  constexpr double kLog2 = 0.6931471805599453;
  return exp_error(0) + exp_error(k * kLog2, kRounding) + sum_error(k) + kDivision + 2 * kRounding;
}
inline constexpr int kExperts = 10, kWords = 13;  // of the longest rows that are routed, and of those of words or keys

// x / (1 + exp(-c x)), c x off by a part `before`, and a product with it; of tensors whose largest value is at
// -c x <= argument.
constexpr double sigmoid_error(double argument, double before = 0) {
  return exp_error(argument, before) + kDivision + 3 * kRounding;
}

// Of a product whose int8 inputs are made within: a value that is off by its last bit may be rounded to the next code.
// One code of 127 in one of n columns moves a sum of n products by 1 / (40 sqrt(2 n / 3)) of its spread, about: of 64
// columns 0.004.
inline constexpr double kOneCode = 4e-3;

// Of an optimiser: a float that is off by its last bit may cross a rounding boundary: one code of its 8-bit states or
// shadow, one unit of a bf16 shadow, which a sum of few weights shows: of a row that adds up to 16 codes or more.
constexpr double tolerance_of_update(DType dtype, Role role) {
  if (dtype == DType::i8) return 1.0 / 127.0;
  if (role == Role::sum_of_codes) return 1.0 / 16.0;
  return dtype == DType::bf16 || role == Role::sum_of_bf16 ? 0x1.0p-7 : kShortSum;
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
