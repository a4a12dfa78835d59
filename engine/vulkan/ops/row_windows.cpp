#include "vulkan/ops/row_windows.h"

#include <algorithm>
#include <numeric>

namespace tritium::vulkan {

std::vector<RowWindow> row_windows(int64_t rows, int64_t row_bytes, int64_t most_rows, const Limits& limits) {
  const int64_t fitting =
      std::min(most_rows, static_cast<int64_t>(limits.storage_range) / std::max<int64_t>(1, row_bytes));
  if (rows <= fitting) return {{0, rows}};
  // Windows begin aligned when they hold a multiple of this many rows.
  const auto alignment = std::max<int64_t>(1, static_cast<int64_t>(limits.storage_alignment));
  const int64_t unit = alignment / std::gcd(alignment, row_bytes);
  const int64_t step = std::max(unit, fitting / unit * unit);
  std::vector<RowWindow> windows;
  for (int64_t first = 0; first < rows; first += step) windows.push_back({first, std::min(step, rows - first)});
  return windows;
}

}  // namespace tritium::vulkan
