#include "ops/params_of.h"
#include "vulkan/ops/grid.h"
#include "vulkan/ops/ops.h"
#include "vulkan/ops/whole_tensors.h"

namespace tritium::vulkan {

Status kl_divergence(Recorder& recorder, const KlDivergenceArgs& args) {
  if (Status status = fit_whole(args, recorder.limits()); !status.ok()) return status;
  const KlDivergenceParams params = params_of(args);
  return recorder.dispatch({.kernel = args.kName,
                            .bindings = {{&args.logits},
                                         {&args.teacher},
                                         {&args.targets},
                                         {&args.losses, Access::write},
                                         {args.dlogits ? &args.dlogits : nullptr, Access::read_write}},
                            .push_constants = bytes_of(params),
                            .groups = folded_groups(params.n_rows, recorder.limits())});
}

}  // namespace tritium::vulkan
