#include "vulkan/ops/bindings.h"
#include "vulkan/ops/grid.h"
#include "vulkan/ops/record.h"

namespace tritium::vulkan {

Status launch(Recorder& recorder, const RmsNormBackward& op) {
  constexpr int64_t kColumns = 16;  // of a workgroup of shaders/rms_norm_backward.weight.comp
  if (Status status = fit_whole(op, recorder.limits()); !status.ok()) return status;
  const RmsNormBackwardParams params = op.params();
  const Result<Tensor> inverse_rms = recorder.scratch(params.n_rows);
  if (!inverse_rms.ok()) return inverse_rms.status();
  Status status = recorder.dispatch(
      {.kernel = op.kName,
       .bindings = {{&op.x}, {&op.weight}, {&op.dy}, {&op.dx, Access::write}, {&*inverse_rms, Access::write}},
       .push_constants = bytes_of(params),
       .groups = folded_groups(params.n_rows, recorder.limits())});
  if (!status.ok()) return status;
  return recorder.dispatch({.kernel = "rms_norm_backward.weight",
                            .bindings = {{&op.x}, {&op.dy}, {&*inverse_rms}, {&op.dweight, Access::write}},
                            .push_constants = bytes_of(params),
                            .groups = folded_groups(ceil_div(params.dim, kColumns), recorder.limits())});
}

}  // namespace tritium::vulkan
