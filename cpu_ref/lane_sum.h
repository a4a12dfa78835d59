// A sum of floats in the order of a workgroup of shaders/lib/reduce.glsl: the same bits as a device.
#pragma once

#include <array>
#include <cstddef>

namespace tritium::cpu_ref {

// Of value(i), 0 <= i < n.
template <typename Value>
float lane_sum(size_t n, const Value& value) {
  constexpr size_t kWorkgroup = 128;  // shaders/lib/grid.glsl
  std::array<float, kWorkgroup> lanes{};
  for (size_t first = 0; first < n; first += kWorkgroup) {
    const size_t count = n - first < kWorkgroup ? n - first : kWorkgroup;
    for (size_t lane = 0; lane < count; ++lane) lanes[lane] += value(first + lane);
  }
  for (size_t half = kWorkgroup / 2; half > 0; half /= 2)
    for (size_t lane = 0; lane < half; ++lane) lanes[lane] += lanes[lane + half];
  return lanes[0];
}

}  // namespace tritium::cpu_ref
