// What the gradients of the inputs of products share: how they are cut into dispatches
// (shaders/lib/backward_product.glsl).
#pragma once

#include "vulkan/ops/grid.h"
#include "vulkan/ops/weight_windows.h"

namespace tritium::vulkan {

// Calls launch(params, window, groups) for every slot of the rows of x and every window of the weight, in order, until
// one fails. All but the first add to dx.
template <typename Params, typename Launch>
Status for_each_slot_and_window(Params params, const Weight& weight, const Limits& limits, Launch launch) {
  constexpr int64_t kRows = 32, kColumns = 64;                          // of a workgroup
  const int64_t matrices = params.routed != 0 ? params.n_matrices : 1;  // 0 alone when not routed
  const int64_t stripes = ceil_div(params.n_rows / params.rows_per_x, kRows * matrices);
  const auto groups = folded_groups(stripes * matrices * ceil_div(params.cols, kColumns), limits);
  for (params.slot = 0; params.slot < params.rows_per_x; ++params.slot) {
    Status status = for_each_window(weight, limits, [&](const WeightWindow& window) {
      params.first_weight_row = window.first_row;
      params.n_weight_rows = window.n_rows;
      Status launched = launch(params, window, groups);
      params.accumulate = 1;
      return launched;
    });
    if (!status.ok()) return status;
  }
  return Status();
}

}  // namespace tritium::vulkan
