#include "ops/params_of.h"
#include "vulkan/ops/grid.h"
#include "vulkan/ops/ops.h"
#include "vulkan/ops/whole_tensors.h"

namespace tritium::vulkan {

Status flip_trits(Recorder& recorder, const FlipTritsArgs& args) {
  const auto& weight = args.weight;
  Status status = fit_whole(args, recorder.limits());
  if (status.ok()) status = fit_whole(args.kName, {&weight.data, &weight.scales}, recorder.limits());
  if (!status.ok()) return status;
  const FlipTritsParams params = params_of(args);
  return recorder.dispatch({.kernel = args.kName,
                            .bindings = {{&args.change, Access::read_write},
                                         {&weight.data, Access::read_write},
                                         {&weight.scales},
                                         {args.flips ? &args.flips : nullptr, Access::read_write}},
                            .push_constants = bytes_of(params),
                            .groups = folded_groups(params.n_rows, recorder.limits())});
}

}  // namespace tritium::vulkan
