#include "ops/params_of.h"
#include "vulkan/ops/grid.h"
#include "vulkan/ops/ops.h"

namespace tritium::vulkan {

Status gated_activation(Recorder& recorder, const GatedActivationArgs& args) {
  const GatedActivationParams params = params_of(args);
  return recorder.dispatch({.kernel = args.kName,
                            .bindings = {{&args.gate}, {&args.up}, {&args.y, Access::write}},
                            .push_constants = bytes_of(params),
                            .groups = groups_for_values(params.n_values, recorder.limits())});
}

}  // namespace tritium::vulkan
