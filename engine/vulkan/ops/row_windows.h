// A weight may be larger than what a descriptor can see: it is then computed window by window of its rows.
#pragma once

#include <cstdint>
#include <vector>

#include "vulkan/recorder.h"

namespace tritium::vulkan {

struct RowWindow {
  int64_t first = 0;  // row, counted over all matrices of a stack
  int64_t count = 0;
};

// Windows that cover `rows` rows of `row_bytes` each, in order: none above limits.storage_range or `most_rows`, each
// beginning at a multiple of limits.storage_alignment. At least one row a window, whatever the limits.
std::vector<RowWindow> row_windows(int64_t rows, int64_t row_bytes, int64_t most_rows, const Limits& limits);

}  // namespace tritium::vulkan
