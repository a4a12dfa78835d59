#include "ops/params_of.h"
#include "vulkan/ops/grid.h"
#include "vulkan/ops/ops.h"

namespace tritium::vulkan {

Status rms_norm(Recorder& recorder, const RmsNormArgs& args) {
  const RmsNormParams params = params_of(args);
  return recorder.dispatch({.kernel = args.kName,
                            .bindings = {{&args.x}, {&args.weight}, {&args.y, Access::write}},
                            .push_constants = bytes_of(params),
                            .groups = folded_groups(params.n_rows, recorder.limits())});
}

}  // namespace tritium::vulkan
