#include "ops/params_of.h"
#include "vulkan/ops/matmul.h"
#include "vulkan/ops/ops.h"

namespace tritium::vulkan {

Status dense_matmul(Recorder& recorder, const DenseMatmulArgs& args) {
  DenseMatmulParams params = params_of(args);
  const int64_t steps = ceil_div(args.weight.cols, 8);  // an invocation takes 8 columns at a time
  const MatmulPlan plan = plan_matmul(steps, params.n_rows, params.out_features, params.routed != 0, recorder.limits());
  const Binding ids = {args.expert_ids ? &args.expert_ids : nullptr};
  return for_each_window(args.weight, recorder.limits(), [&](const WeightWindow& window) {
    params.first_weight_row = window.first_row;
    params.n_weight_rows = window.n_rows;
    return recorder.dispatch({.kernel = args.kName,
                              .bindings = {{&args.x}, window.data, ids, {&args.y, Access::write}},
                              .push_constants = bytes_of(params),
                              .groups = plan.groups,
                              .constants = {plan.team, plan.tile, plan.features}});
  });
}

}  // namespace tritium::vulkan
