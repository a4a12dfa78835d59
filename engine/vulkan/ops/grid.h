// How work is cut into workgroups.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/checked_math.h"
#include "vulkan/recorder.h"

namespace tritium::vulkan {

inline constexpr int64_t kWorkgroup = 128;  // invocations: local_size_x of every shader

// `n` workgroups, folded over x and y where x alone is not allowed that many (shaders/lib/grid.glsl).
inline std::array<uint32_t, 3> folded_groups(int64_t n, const Limits& limits) {
  const int64_t x = std::min<int64_t>(n, limits.groups[0]);
  return {static_cast<uint32_t>(x), static_cast<uint32_t>(ceil_div(n, x)), 1};
}

// Workgroups with an invocation for each value.
inline int64_t groups_for_values(const Tensor& values) { return ceil_div(values.elements(), kWorkgroup); }

}  // namespace tritium::vulkan
