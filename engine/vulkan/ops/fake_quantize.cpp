#include "ops/params_of.h"
#include "vulkan/ops/grid.h"
#include "vulkan/ops/ops.h"
#include "vulkan/ops/whole_tensors.h"

namespace tritium::vulkan {

Status fake_quantize(Recorder& recorder, const FakeQuantizeArgs& args) {
  if (Status status = fit_whole(args, recorder.limits()); !status.ok()) return status;
  const FakeQuantizeParams params = params_of(args);
  return recorder.dispatch(
      {.kernel = args.kName,
       .bindings = {{&args.parameter.data}, {args.alpha ? &args.alpha : nullptr}, {&args.y.data, Access::write}},
       .push_constants = bytes_of(params),
       .groups = folded_groups(params.n_rows, recorder.limits())});
}

}  // namespace tritium::vulkan
