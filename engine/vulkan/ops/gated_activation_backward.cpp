#include "ops/params_of.h"
#include "vulkan/ops/grid.h"
#include "vulkan/ops/ops.h"
#include "vulkan/ops/whole_tensors.h"

namespace tritium::vulkan {

Status gated_activation_backward(Recorder& recorder, const GatedActivationBackwardArgs& args) {
  if (Status status = fit_whole(args, recorder.limits()); !status.ok()) return status;
  const GatedActivationBackwardParams params = params_of(args);
  return recorder.dispatch(
      {.kernel = args.kName,
       .bindings = {{&args.gate}, {&args.up}, {&args.dy}, {&args.dgate, Access::write}, {&args.dup, Access::write}},
       .push_constants = bytes_of(params),
       .groups = groups_for_values(params.n_values, recorder.limits())});
}

}  // namespace tritium::vulkan
