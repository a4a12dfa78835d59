#include "ops/params_of.h"
#include "vulkan/ops/grid.h"
#include "vulkan/ops/ops.h"
#include "vulkan/ops/shadow_bindings.h"
#include "vulkan/ops/whole_tensors.h"

namespace tritium::vulkan {

Status sgd_update(Recorder& recorder, const SgdUpdateArgs& args) {
  if (Status status = fit_whole(args, recorder.limits()); !status.ok()) return status;
  const SgdUpdateParams params = params_of(args);
  const ShadowBindings shadow(args.shadow);
  return recorder.dispatch({.kernel = args.kName,
                            .bindings = {shadow.parameter,
                                         shadow.sums,
                                         shadow.alpha,
                                         shadow.words,
                                         shadow.scales,
                                         shadow.flips,
                                         {&args.gradient, Access::read_write},
                                         {args.m ? &args.m : nullptr, Access::read_write}},
                            .push_constants = bytes_of(params),
                            .groups = folded_groups(params.shadow.n_rows, recorder.limits()),
                            .constants = {args.m ? 1u : 0u}});
}

}  // namespace tritium::vulkan
