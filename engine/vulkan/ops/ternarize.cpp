#include "ops/params_of.h"
#include "vulkan/ops/grid.h"
#include "vulkan/ops/ops.h"
#include "vulkan/ops/whole_tensors.h"

namespace tritium::vulkan {

Status ternarize(Recorder& recorder, const TernarizeArgs& args) {
  const auto& weight = args.weight;
  Status status = fit_whole(args, recorder.limits());
  if (status.ok()) status = fit_whole(args.kName, {&weight.data, &weight.scales}, recorder.limits());
  if (!status.ok()) return status;
  const TernarizeParams params = params_of(args);
  return recorder.dispatch({.kernel = args.kName,
                            .bindings = {{&args.parameter.data},
                                         {&args.alpha},
                                         {&weight.data, Access::read_write},
                                         {&weight.scales, Access::write},
                                         {args.flips ? &args.flips : nullptr, Access::read_write}},
                            .push_constants = bytes_of(params),
                            .groups = folded_groups(params.n_rows, recorder.limits())});
}

}  // namespace tritium::vulkan
