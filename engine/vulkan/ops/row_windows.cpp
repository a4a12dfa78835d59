#include "vulkan/ops/row_windows.h"

#include <algorithm>
#include <numeric>

namespace tritium::vulkan {

std::vector<RowWindow> row_windows(int64_t rows, std::initializer_list<int64_t> plane_row_bytes, const Limits& limits,
                                   int64_t most_rows) {
  const auto alignment = std::max<int64_t>(1, static_cast<int64_t>(limits.storage_alignment));
  int64_t fitting = std::clamp<int64_t>(most_rows, 1, rows);  // rows that a window may have
  int64_t unit = 1;  // windows begin aligned when they hold a multiple of this many rows
  for (int64_t row_bytes : plane_row_bytes) {
    if (row_bytes <= 0) continue;  // a plane that this weight does not have
    fitting = std::min(fitting, static_cast<int64_t>(limits.storage_range) / row_bytes);
    unit = std::lcm(unit, alignment / std::gcd(alignment, row_bytes));
  }
  if (rows <= fitting) return {{0, rows}};
  const int64_t step = std::max(unit, fitting / unit * unit);
  std::vector<RowWindow> windows;
  for (int64_t first = 0; first < rows; first += step) windows.push_back({first, std::min(step, rows - first)});
  return windows;
}

}  // namespace tritium::vulkan
