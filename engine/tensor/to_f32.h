// Values of the dense types as floats.
#pragma once

#include <cstddef>
#include <span>

#include "tensor/dtype.h"

namespace tritium {

// A row, or whole blocks of one: `bytes` holds bytes_of(dtype, values.size()). f32, f16, bf16 and integers in blocks.
void to_f32(DType dtype, std::span<const std::byte> bytes, std::span<float> values);

}  // namespace tritium
