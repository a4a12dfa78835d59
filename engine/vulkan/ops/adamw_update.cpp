#include "ops/params_of.h"
#include "vulkan/ops/grid.h"
#include "vulkan/ops/ops.h"
#include "vulkan/ops/shadow_bindings.h"
#include "vulkan/ops/whole_tensors.h"

namespace tritium::vulkan {

Status adamw_update(Recorder& recorder, const AdamwUpdateArgs& args) {
  if (Status status = fit_whole(args, recorder.limits()); !status.ok()) return status;
  const AdamwUpdateParams params = params_of(args);
  const ShadowBindings shadow(args.shadow);
  const auto state = [](const Tensor& tensor) { return Binding{tensor ? &tensor : nullptr, Access::read_write}; };
  return recorder.dispatch(
      {.kernel = args.kName,
       .bindings = {shadow.parameter, shadow.sums, shadow.alpha, shadow.words, shadow.scales, shadow.flips,
                    state(args.gradient), state(args.m), state(args.v), state(args.m_scales), state(args.v_scales)},
       .push_constants = bytes_of(params),
       .groups = folded_groups(params.shadow.n_rows, recorder.limits())});
}

}  // namespace tritium::vulkan
