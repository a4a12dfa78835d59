// How far a backend's result may lie from the reference's, operation by operation.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "ops/forward_args.h"
#include "tensor/dtype.h"

namespace tritium {

// Largest |tested - expected| over a tensor, as a fraction of the largest |expected| (of 1 when that is 0).
// Infinity when one side is not finite where the other differs, or when integers differ (8-bit ones count as fractions
// of 127). 0: equal to the bit.
double relative_error(DType dtype, std::span<const std::byte> expected, std::span<const std::byte> tested);

// The bound on relative_error for an operation. 0 for integer results and for the operations that are bit-identical on
// every backend by construction; else float arithmetic in another order than the reference's double loops.
double tolerance_of(std::string_view operation, DType dtype = DType::f32, TensorRole role = TensorRole::output);

}  // namespace tritium
