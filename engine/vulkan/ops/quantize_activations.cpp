#include "ops/params_of.h"
#include "vulkan/ops/grid.h"
#include "vulkan/ops/ops.h"

namespace tritium::vulkan {

Status quantize_activations(Recorder& recorder, const QuantizeActivationsArgs& args) {
  const QuantizeActivationsParams params = params_of(args);
  return recorder.dispatch({.kernel = args.kName,
                            .bindings = {{&args.x}, {&args.q, Access::write}, {&args.scales, Access::write}},
                            .push_constants = bytes_of(params),
                            .groups = folded_groups(args.scales.elements(), recorder.limits())});
}

}  // namespace tritium::vulkan
