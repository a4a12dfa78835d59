// What a backend says that takes gradients as 16-bit integers in products with trits and int8 codes.
#pragma once

#include <type_traits>

#include "ops/ternary_matmul_backward.h"
#include "ops/weight_gradient.h"

namespace tritium {

class RoundsGradients {
 public:
  virtual ~RoundsGradients() = default;
  virtual bool rounds_gradients() const = 0;
};

template <typename Op>
constexpr bool kTakesGradients = std::is_same_v<Op, TernaryMatmulBackward> || std::is_same_v<Op, WeightGradient>;

// A gradient errs by at most half a unit, 2^-16 of the largest in its sum: of equally distributed errors a standard
// deviation of 2^-16 / sqrt(3) times that. Signs mix in errors as in the terms. The largest of a sum is some 4 times
// the mean of its gradients, the largest of the errors 5 deviations, and the largest result at least 2 deviations of
// all: 4 * 5 / 2 / sqrt(3) * 2^-16. The bound of each element by itself is in tests/cpu/rounded_gradients_test.cpp.
inline constexpr double kRoundedGradients = 9e-5;

}  // namespace tritium
