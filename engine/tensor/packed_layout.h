// Rows of integers in blocks, from the order of files into that of kernels.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "tensor/dtype.h"

namespace tritium {

// A row as kernels read it (shaders/lib/packed.h): words of codes, and words of what scales them.
struct PackedRow {
  int64_t words = 0;
  int64_t scale_words = 0;
};
// Of rows with so many columns, padding included.
PackedRow packed_row(DType dtype, int64_t padded_cols);
// A row as files have it, `cols` columns, to packed_row() words of either kind; what pads it is 0.
void pack_row(DType dtype, std::span<const std::byte> row, std::span<uint32_t> words, std::span<uint32_t> scales);

}  // namespace tritium
