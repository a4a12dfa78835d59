#include "base/format_text.h"
#include "ops/params_of.h"
#include "vulkan/ops/grid.h"
#include "vulkan/ops/ops.h"

namespace tritium::vulkan {

Status attention(Recorder& recorder, const AttentionArgs& args) {
  constexpr uint32_t kMaxHeadDim = 1024;  // shaders/attention.comp
  const AttentionParams params = params_of(args);
  const Limits& limits = recorder.limits();
  if (params.key_dim > kMaxHeadDim || params.value_dim > kMaxHeadDim)
    return error(StatusCode::unsupported, "attention: heads of ", params.key_dim, "/", params.value_dim,
                 " values, Vulkan kernels take at most ", kMaxHeadDim);
  if (params.n_heads > limits.groups[0] || params.n_tokens > limits.groups[1])
    return error(StatusCode::unsupported, "attention: ", params.n_heads, " heads and ", params.n_tokens,
                 " tokens exceed this device's workgroups; use a smaller batch");
  return recorder.dispatch({.kernel = args.kName,
                            .bindings = {{&args.q}, {&args.k_cache}, {&args.v_cache}, {&args.y, Access::write}},
                            .push_constants = bytes_of(params),
                            .groups = {params.n_heads, params.n_tokens, 1}});
}

}  // namespace tritium::vulkan
