// NumPy's .npy, version 1.0: the plainest way to hand a tensor to other tools.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "tensor/dtype.h"
#include "tensor/shape.h"
#include "tritium/status.hpp"

namespace tritium {

// bf16 is written as uint16. io_error names the path and what the system said; no file of that name is left half
// written.
Status write_npy(const std::string& path, DType dtype, const Shape& shape, std::span<const std::byte> data);

}  // namespace tritium
