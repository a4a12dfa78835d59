#include "vulkan/ops/launchers.h"
#include "vulkan/ops/product_backward.h"
#include "vulkan/ops/whole_tensors.h"

namespace tritium::vulkan {

Status launch(Recorder& recorder, const TernaryMatmulBackward& op) {
  const Limits& limits = recorder.limits();
  if (Status status = fit_whole(op.kName, {&op.dy, &op.dx}, limits); !status.ok()) return status;
  const Binding ids = {op.expert_ids ? &op.expert_ids : nullptr};
  return for_each_slot_and_window(
      op.params(), op.weight, limits,
      [&](const TernaryMatmulBackwardParams& params, const WeightWindow& window, const auto& groups) {
        return recorder.dispatch({.kernel = op.kName,
                                  .bindings = {{&op.dy}, window.data, window.scales, ids, {&op.dx, Access::read_write}},
                                  .push_constants = bytes_of(params),
                                  .groups = groups});
      });
}

}  // namespace tritium::vulkan
