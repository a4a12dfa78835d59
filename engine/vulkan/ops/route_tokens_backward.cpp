#include "base/format_text.h"
#include "ops/params_of.h"
#include "vulkan/ops/grid.h"
#include "vulkan/ops/ops.h"
#include "vulkan/ops/whole_tensors.h"

namespace tritium::vulkan {

Status route_tokens_backward(Recorder& recorder, const RouteTokensBackwardArgs& args) {
  constexpr uint32_t kMaxTopK = 1024;  // shaders/route_tokens_backward.comp
  if (Status status = fit_whole(args, recorder.limits()); !status.ok()) return status;
  const RouteTokensBackwardParams params = params_of(args);
  if (params.top_k > kMaxTopK)
    return error(StatusCode::unsupported, args.kName, ": top_k is ", params.top_k, ", Vulkan kernels take at most ",
                 kMaxTopK);
  return recorder.dispatch({.kernel = args.kName,
                            .bindings = {{&args.logits},
                                         {&args.expert_ids},
                                         {&args.dweights},
                                         {args.load ? &args.load : nullptr},
                                         {&args.dlogits, Access::write}},
                            .push_constants = bytes_of(params),
                            .groups = folded_groups(params.n_tokens, recorder.limits())});
}

}  // namespace tritium::vulkan
