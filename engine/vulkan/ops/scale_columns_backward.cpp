#include "vulkan/ops/bindings.h"
#include "vulkan/ops/grid.h"
#include "vulkan/ops/record.h"

namespace tritium::vulkan {

Status launch(Recorder& recorder, const ScaleColumnsBackward& op) {
  constexpr int64_t kColumns = 16;  // of a workgroup of shaders/scale_columns_backward.comp
  if (Status status = fit_whole(op, recorder.limits()); !status.ok()) return status;
  const ScaleColumnsBackwardParams params = op.params();
  const Result<Tensor> products = recorder.scratch(params.dim);
  if (!products.ok()) return products.status();
  Status status = recorder.dispatch(
      {.kernel = op.kName,
       .bindings = {{&op.z}, {&op.scales}, {&op.dy}, {&op.dz, Access::write}, {&*products, Access::write}},
       .push_constants = bytes_of(params),
       .groups = folded_groups(ceil_div(params.dim, kColumns), recorder.limits())});
  if (!status.ok()) return status;
  return recorder.dispatch({.kernel = "scale_columns_backward.scales",
                            .bindings = {{&*products}, {&op.scales}, {&op.dscales, Access::write}},
                            .push_constants = bytes_of(params),
                            .groups = folded_groups(op.scales.elements(), recorder.limits())});
}

}  // namespace tritium::vulkan
