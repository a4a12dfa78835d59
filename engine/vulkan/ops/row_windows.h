// A weight may be larger than what a descriptor can see: it is then computed window by window of its rows.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <vector>

#include "vulkan/recorder.h"

namespace tritium::vulkan {

struct RowWindow {
  int64_t first = 0;  // row, counted over all matrices of a stack
  int64_t count = 0;
};

// Windows that cover `rows` rows, in order, of at most `most_rows` where that can be. Each plane of the weight (its
// data, its scales) has so many bytes a row; in none of them does a window exceed limits.storage_range, and in all of
// them it begins at a multiple of limits.storage_alignment. Where a device has no such window (its range holds less
// than one aligned step), a step is one: the recorder then refuses it.
std::vector<RowWindow> row_windows(int64_t rows, std::initializer_list<int64_t> plane_row_bytes, const Limits& limits,
                                   int64_t most_rows = INT64_MAX);

}  // namespace tritium::vulkan
