#include "base/format_text.h"
#include "ops/params_of.h"
#include "vulkan/ops/grid.h"
#include "vulkan/ops/ops.h"

namespace tritium::vulkan {

Status route_tokens(Recorder& recorder, const RouteTokensArgs& args) {
  constexpr uint32_t kMaxTopK = 1024;  // shaders/route_tokens.comp
  const RouteTokensParams params = params_of(args);
  if (params.top_k > kMaxTopK)
    return error(StatusCode::unsupported, "route_tokens: top_k is ", params.top_k, ", Vulkan kernels take at most ",
                 kMaxTopK);
  return recorder.dispatch(
      {.kernel = args.kName,
       .bindings = {{&args.logits}, {&args.expert_ids, Access::write}, {&args.weights, Access::write}},
       .push_constants = bytes_of(params),
       .groups = folded_groups(params.n_tokens, recorder.limits())});
}

}  // namespace tritium::vulkan
