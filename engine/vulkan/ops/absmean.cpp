#include "ops/params_of.h"
#include "vulkan/ops/grid.h"
#include "vulkan/ops/ops.h"
#include "vulkan/ops/whole_tensors.h"

namespace tritium::vulkan {

Status absmean(Recorder& recorder, const AbsmeanArgs& args) {
  if (Status status = fit_whole(args, recorder.limits()); !status.ok()) return status;
  const AbsmeanParams params = params_of(args);
  return recorder.dispatch({.kernel = args.kName,
                            .bindings = {{&args.sums}, {&args.alpha, Access::read_write}},
                            .push_constants = bytes_of(params),
                            .groups = folded_groups(params.n_groups, recorder.limits())});
}

}  // namespace tritium::vulkan
