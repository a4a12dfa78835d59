#include "ops/params_of.h"
#include "vulkan/ops/grid.h"
#include "vulkan/ops/ops.h"
#include "vulkan/ops/whole_tensors.h"

namespace tritium::vulkan {

Status expert_load(Recorder& recorder, const ExpertLoadArgs& args) {
  if (Status status = fit_whole(args, recorder.limits()); !status.ok()) return status;
  const ExpertLoadParams params = params_of(args);
  return recorder.dispatch({.kernel = args.kName,
                            .bindings = {{&args.expert_ids}, {&args.load, Access::write}},
                            .push_constants = bytes_of(params),
                            .groups = folded_groups(params.n_experts, recorder.limits())});
}

}  // namespace tritium::vulkan
