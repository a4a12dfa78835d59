#include "ops/params_of.h"
#include "vulkan/ops/grid.h"
#include "vulkan/ops/ops.h"

namespace tritium::vulkan {

Status rope(Recorder& recorder, const RopeArgs& args) {
  const RopeParams params = params_of(args);
  return recorder.dispatch({.kernel = args.kName,
                            .bindings = {{&args.x}, {&args.cos_sin}, {&args.y, Access::write}},
                            .push_constants = bytes_of(params),
                            .groups = groups_for_values(args.y.elements(), recorder.limits())});
}

}  // namespace tritium::vulkan
