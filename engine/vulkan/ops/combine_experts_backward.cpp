#include "ops/params_of.h"
#include "vulkan/ops/grid.h"
#include "vulkan/ops/ops.h"
#include "vulkan/ops/whole_tensors.h"

namespace tritium::vulkan {

Status combine_experts_backward(Recorder& recorder, const CombineExpertsBackwardArgs& args) {
  if (Status status = fit_whole(args, recorder.limits()); !status.ok()) return status;
  const CombineExpertsBackwardParams params = params_of(args);
  return recorder.dispatch(
      {.kernel = args.kName,
       .bindings = {{&args.x}, {&args.weights}, {&args.dy}, {&args.dx, Access::write}, {&args.dweights, Access::write}},
       .push_constants = bytes_of(params),
       .groups = folded_groups(args.weights.elements(), recorder.limits())});
}

}  // namespace tritium::vulkan
