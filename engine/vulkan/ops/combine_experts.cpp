#include "ops/params_of.h"
#include "vulkan/ops/grid.h"
#include "vulkan/ops/ops.h"

namespace tritium::vulkan {

Status combine_experts(Recorder& recorder, const CombineExpertsArgs& args) {
  const CombineExpertsParams params = params_of(args);
  return recorder.dispatch({.kernel = args.kName,
                            .bindings = {{&args.x}, {&args.weights}, {&args.y, Access::write}},
                            .push_constants = bytes_of(params),
                            .groups = groups_for_values(args.y.elements(), recorder.limits())});
}

}  // namespace tritium::vulkan
