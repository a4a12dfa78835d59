// Gradients against central differences of a loss computed in double: an oracle that shares no code with what it tests.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <span>
#include <vector>

#include "base/counter_rng.h"

namespace tritium {

using Doubles = std::vector<double>;

inline std::vector<float> random_floats(size_t n, uint64_t seed, double spread = 1.0) {
  std::vector<float> values(n);
  for (size_t i = 0; i < n; ++i) values[i] = static_cast<float>(spread * random_normal(seed, i));
  return values;
}

// Each gradient[i] is d loss / d at[i], to 1e-5 of the largest.
inline void expect_gradient(std::span<const float> gradient, const std::function<double(const Doubles&)>& loss,
                            std::span<const float> at) {
  ASSERT_EQ(gradient.size(), at.size());
  double largest = 1e-6;
  for (float g : gradient) largest = std::max(largest, std::abs(double{g}));
  Doubles x(at.begin(), at.end());
  for (size_t i = 0; i < x.size(); ++i) {
    const double here = x[i];
    const double h = 1e-5;
    x[i] = here + h;
    const double above = loss(x);
    x[i] = here - h;
    const double below = loss(x);
    x[i] = here;
    EXPECT_NEAR(gradient[i], (above - below) / (2 * h), 1e-5 * largest) << "value " << i;
  }
}

}  // namespace tritium
