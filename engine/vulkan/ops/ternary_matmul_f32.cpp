#include "vulkan/ops/launchers.h"
#include "vulkan/ops/matmul.h"

namespace tritium::vulkan {

Status launch(Recorder& recorder, const TernaryMatmulF32& op) {
  TernaryMatmulF32Params params = op.params();
  const int64_t steps = ceil_div(op.weight.cols, 16);  // an invocation takes a word of 16 trits at a time
  const MatmulPlan plan = plan_matmul(steps, params.n_rows, params.out_features, params.routed != 0, recorder.limits());
  const Binding ids = {op.expert_ids ? &op.expert_ids : nullptr};
  return for_each_window(op.weight, recorder.limits(), [&](const WeightWindow& window) {
    params.first_weight_row = window.first_row;
    params.n_weight_rows = window.n_rows;
    return recorder.dispatch({.kernel = op.kName,
                              .bindings = {{&op.x}, window.data, window.scales, ids, {&op.y, Access::write}},
                              .push_constants = bytes_of(params),
                              .groups = plan.groups,
                              .constants = {plan.team, plan.tile, plan.features}});
  });
}

}  // namespace tritium::vulkan
