#include "ops/params_of.h"
#include "vulkan/ops/grid.h"
#include "vulkan/ops/ops.h"
#include "vulkan/ops/whole_tensors.h"

namespace tritium::vulkan {

Status weight_gradient(Recorder& recorder, const WeightGradientArgs& args) {
  constexpr int64_t kFeatures = 64, kColumns = 32;  // of a workgroup of shaders/weight_gradient.comp
  if (Status status = fit_whole(args, recorder.limits()); !status.ok()) return status;
  const WeightGradientParams params = params_of(args);
  const int64_t matrices = params.routed != 0 ? params.n_matrices : 1;  // 0 alone when not routed
  const int64_t tiles = ceil_div(params.out_features, kFeatures) * ceil_div(params.cols, kColumns);
  const auto optional = [](const Tensor& t) { return Binding{t ? &t : nullptr}; };
  return recorder.dispatch({.kernel = args.kName,
                            .bindings = {optional(args.x),
                                         optional(args.q),
                                         optional(args.scales),
                                         {&args.dy},
                                         optional(args.expert_ids),
                                         {&args.dw, Access::read_write}},
                            .push_constants = bytes_of(params),
                            .groups = folded_groups(matrices * tiles, recorder.limits())});
}

}  // namespace tritium::vulkan
