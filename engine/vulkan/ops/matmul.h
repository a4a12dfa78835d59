// What the three products share: how their outputs are dealt out to teams (shaders/lib/team.glsl).
#pragma once

#include <bit>

#include "base/checked_math.h"
#include "vulkan/ops/grid.h"
#include "vulkan/ops/weight_windows.h"

namespace tritium::vulkan {

struct MatmulPlan {
  uint32_t team = 1;      // invocations that share an output
  uint32_t tile = 1;      // rows of y that share a weight read
  uint32_t features = 1;  // rows of the weight that share an activation read
  std::array<uint32_t, 3> groups = {1, 1, 1};
};

// `steps`: how many invocations a row of the weight keeps busy. Groups beyond what the device allows are done in turns
// (shaders/lib/product.glsl).
inline MatmulPlan plan_matmul(int64_t steps, int64_t n_rows, int64_t out_features, bool routed, const Limits& limits) {
  constexpr int64_t kLargestTeam = 32;
  constexpr int64_t kManyOutputs = 4096;  // enough to fill a device with a fourth of the teams
  MatmulPlan plan;
  plan.team = static_cast<uint32_t>(std::bit_floor(static_cast<uint64_t>(std::clamp<int64_t>(steps, 1, kLargestTeam))));
  plan.tile = routed || n_rows == 1 ? 1 : 8;
  if (plan.tile > 1)
    plan.features = 2;
  else
    plan.features = n_rows * out_features >= kManyOutputs ? 4 : 1;
  const int64_t block = kWorkgroup / plan.team * plan.features;
  plan.groups = {static_cast<uint32_t>(std::min<int64_t>(ceil_div(out_features, block), limits.groups[0])),
                 static_cast<uint32_t>(std::min<int64_t>(ceil_div(n_rows, plan.tile), limits.groups[1])), 1};
  return plan;
}

}  // namespace tritium::vulkan
