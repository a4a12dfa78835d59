#include "ops/params_of.h"
#include "vulkan/ops/matmul.h"
#include "vulkan/ops/ops.h"

namespace tritium::vulkan {

Status ternary_matmul(Recorder& recorder, const TernaryMatmulArgs& args) {
  TernaryMatmulParams params = params_of(args);
  const int64_t steps = std::min(params.group_size, params.block) / 16;  // words of 16 trits in a segment
  const Result<MatmulPlan> plan = plan_matmul(steps, params.n_rows, params.routed != 0, recorder.limits());
  if (!plan.ok()) return plan.status();
  const Binding ids = {args.expert_ids ? &args.expert_ids : nullptr};
  return for_each_window(
      args.weight, *plan, recorder.limits(), [&](const RowWindow& window, uint64_t offset, uint64_t bytes) {
        params.first_weight_row = static_cast<uint32_t>(window.first);
        params.n_weight_rows = static_cast<uint32_t>(window.count);
        const Binding data = {&args.weight.data, Access::read, offset, bytes};
        return recorder.dispatch(
            {.kernel = args.kName,
             .bindings = {{&args.q}, {&args.scales}, data, {&args.weight.scales}, ids, {&args.y, Access::write}},
             .push_constants = bytes_of(params),
             .groups = plan->groups(args.weight.rows),
             .constants = {plan->team, plan->tile}});
      });
}

}  // namespace tritium::vulkan
