#include "ops/params_of.h"
#include "vulkan/ops/ops.h"
#include "vulkan/ops/product_backward.h"
#include "vulkan/ops/whole_tensors.h"

namespace tritium::vulkan {

Status ternary_matmul_backward(Recorder& recorder, const TernaryMatmulBackwardArgs& args) {
  const Limits& limits = recorder.limits();
  if (Status status = fit_whole(args.kName, {&args.dy, &args.dx}, limits); !status.ok()) return status;
  const Binding ids = {args.expert_ids ? &args.expert_ids : nullptr};
  return for_each_slot_and_window(
      params_of(args), args.weight, limits,
      [&](const TernaryMatmulBackwardParams& params, const WeightWindow& window, const auto& groups) {
        return recorder.dispatch(
            {.kernel = args.kName,
             .bindings = {{&args.dy}, window.data, window.scales, ids, {&args.dx, Access::read_write}},
             .push_constants = bytes_of(params),
             .groups = groups});
      });
}

}  // namespace tritium::vulkan
