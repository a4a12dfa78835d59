// The middle of some measurements: what other programs did meanwhile moves it less than a mean.
#pragma once

#include <algorithm>
#include <vector>

namespace tritium::bench {

// 0 of none.
inline double median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return (*middle + *std::max_element(values.begin(), middle)) / 2;
}

}  // namespace tritium::bench
