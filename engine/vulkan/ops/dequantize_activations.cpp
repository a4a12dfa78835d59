#include "ops/params_of.h"
#include "vulkan/ops/grid.h"
#include "vulkan/ops/ops.h"
#include "vulkan/ops/whole_tensors.h"

namespace tritium::vulkan {

Status dequantize_activations(Recorder& recorder, const DequantizeActivationsArgs& args) {
  if (Status status = fit_whole(args, recorder.limits()); !status.ok()) return status;
  const DequantizeActivationsParams params = params_of(args);
  return recorder.dispatch({.kernel = args.kName,
                            .bindings = {{&args.q}, {&args.scales}, {&args.x, Access::write}},
                            .push_constants = bytes_of(params),
                            .groups = groups_for_values(args.x.elements(), recorder.limits())});
}

}  // namespace tritium::vulkan
