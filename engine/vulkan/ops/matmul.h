// What the three products share: teams, tiles and windows (shaders/lib/team.glsl).
#pragma once

#include <bit>

#include "base/checked_math.h"
#include "base/format_text.h"
#include "vulkan/ops/grid.h"
#include "vulkan/ops/row_windows.h"

namespace tritium::vulkan {

struct MatmulPlan {
  uint32_t team = 1;  // invocations that share an output
  uint32_t tile = 1;  // rows of y that share a weight read
  uint32_t groups_y = 1;

  std::array<uint32_t, 3> groups(int64_t out_features) const {
    return {static_cast<uint32_t>(ceil_div(out_features, kWorkgroup / team)), groups_y, 1};
  }
};

// `steps`: how many invocations a row of the weight keeps busy.
inline Result<MatmulPlan> plan_matmul(int64_t steps, int64_t n_rows, bool routed, const Limits& limits) {
  constexpr int64_t kLargestTeam = 32;
  constexpr int64_t kTile = 8;
  MatmulPlan plan;
  plan.team = static_cast<uint32_t>(std::bit_floor(static_cast<uint64_t>(std::clamp<int64_t>(steps, 1, kLargestTeam))));
  plan.tile = static_cast<uint32_t>(routed || n_rows == 1 ? 1 : kTile);
  const int64_t groups_y = ceil_div(n_rows, plan.tile);
  if (groups_y > limits.groups[1])
    return error(StatusCode::unsupported, "a product of ", n_rows, " rows exceeds this device's ", limits.groups[1],
                 " workgroups; use a smaller batch");
  plan.groups_y = static_cast<uint32_t>(groups_y);
  return plan;
}

// Calls launch(window, byte offset, byte count) for windows of the weight's data until one fails.
template <typename Launch>
Status for_each_window(const Weight& weight, const MatmulPlan& plan, const Limits& limits, Launch launch) {
  const int64_t row_bytes = weight.row_stride * bits_of(weight.dtype) / 8;
  // groups().x covers a matrix, not a window, and must stay within the device's grid.
  if (plan.groups(weight.rows)[0] > limits.groups[0])
    return error(StatusCode::unsupported, weight.name, ": ", weight.rows, " rows exceed this device's workgroups");
  for (const RowWindow& w : row_windows(weight.n_matrices * weight.rows, row_bytes, INT64_MAX, limits)) {
    Status status = launch(w, static_cast<uint64_t>(w.first * row_bytes), static_cast<uint64_t>(w.count * row_bytes));
    if (!status.ok()) return status;
  }
  return Status();
}

}  // namespace tritium::vulkan
