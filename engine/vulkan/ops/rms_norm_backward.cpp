#include "ops/params_of.h"
#include "vulkan/ops/grid.h"
#include "vulkan/ops/ops.h"
#include "vulkan/ops/whole_tensors.h"

namespace tritium::vulkan {

Status rms_norm_backward(Recorder& recorder, const RmsNormBackwardArgs& args) {
  constexpr int64_t kColumns = 16;  // of a workgroup of shaders/rms_norm_backward.weight.comp
  if (Status status = fit_whole(args, recorder.limits()); !status.ok()) return status;
  const RmsNormBackwardParams params = params_of(args);
  const Result<Tensor> inverse_rms = recorder.scratch(params.n_rows);
  if (!inverse_rms.ok()) return inverse_rms.status();
  Status status = recorder.dispatch(
      {.kernel = args.kName,
       .bindings =
           {{&args.x}, {&args.weight}, {&args.dy}, {&args.dx, Access::read_write}, {&*inverse_rms, Access::write}},
       .push_constants = bytes_of(params),
       .groups = folded_groups(params.n_rows, recorder.limits())});
  if (!status.ok()) return status;
  return recorder.dispatch({.kernel = "rms_norm_backward.weight",
                            .bindings = {{&args.x}, {&args.dy}, {&*inverse_rms}, {&args.dweight, Access::read_write}},
                            .push_constants = bytes_of(params),
                            .groups = folded_groups(ceil_div(params.dim, kColumns), recorder.limits())});
}

}  // namespace tritium::vulkan
