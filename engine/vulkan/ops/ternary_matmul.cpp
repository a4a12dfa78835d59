#include "vulkan/ops/launchers.h"
#include "vulkan/ops/matmul.h"

namespace tritium::vulkan {

Status launch(Recorder& recorder, const TernaryMatmul& op) {
  TernaryMatmulParams params = op.params();
  // Columns that an invocation takes at a time: they must not cross a segment, and 64 are one load of weights.
  const uint32_t step = std::min({params.group_size, params.block, 64u});
  const MatmulPlan plan =
      plan_matmul(params.padded_cols / step, params.n_rows, params.out_features, params.routed != 0, recorder.limits());
  const Binding ids = {op.expert_ids ? &op.expert_ids : nullptr};
  return for_each_window(op.weight, recorder.limits(), [&](const WeightWindow& window) {
    params.first_weight_row = window.first_row;
    params.n_weight_rows = window.n_rows;
    return recorder.dispatch(
        {.kernel = op.kName,
         .bindings = {{&op.q}, {&op.scales}, window.data, window.scales, ids, {&op.y, Access::write}},
         .push_constants = bytes_of(params),
         .groups = plan.groups,
         .constants = {plan.team, plan.tile, plan.features, step}});
  });
}

}  // namespace tritium::vulkan
