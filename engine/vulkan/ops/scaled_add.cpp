#include "ops/params_of.h"
#include "vulkan/ops/grid.h"
#include "vulkan/ops/ops.h"

namespace tritium::vulkan {

Status scaled_add(Recorder& recorder, const ScaledAddArgs& args) {
  const ScaledAddParams params = params_of(args);
  return recorder.dispatch({.kernel = args.kName,
                            .bindings = {{&args.a}, {&args.b}, {&args.y, Access::write}},
                            .push_constants = bytes_of(params),
                            .groups = groups_for_values(params.n_values, recorder.limits())});
}

}  // namespace tritium::vulkan
