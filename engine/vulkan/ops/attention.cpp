#include "base/format_text.h"
#include "ops/params_of.h"
#include "vulkan/ops/grid.h"
#include "vulkan/ops/ops.h"

namespace tritium::vulkan {

Status attention(Recorder& recorder, const AttentionArgs& args) {
  constexpr uint32_t kMaxHeadDim = 1024;  // shaders/attention.comp
  const AttentionParams params = params_of(args);
  if (params.key_dim > kMaxHeadDim || params.value_dim > kMaxHeadDim)
    return error(StatusCode::unsupported, "attention: heads of ", params.key_dim, "/", params.value_dim,
                 " values, Vulkan kernels take at most ", kMaxHeadDim);
  return recorder.dispatch({.kernel = args.kName,
                            .bindings = {{&args.q}, {&args.k_cache}, {&args.v_cache}, {&args.y, Access::write}},
                            .push_constants = bytes_of(params),
                            .groups = folded_groups(int64_t{params.n_heads} * params.n_tokens, recorder.limits())});
}

}  // namespace tritium::vulkan
