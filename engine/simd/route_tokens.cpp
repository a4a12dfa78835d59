#include "simd/simd_backend.h"

namespace tritium {

Status SimdBackend::route_tokens(const RouteTokensArgs& a) {
  const RouteTokensParams p = params_of(a);
  const float* logits = host_span<float>(a.logits).data();
  int32_t* expert_ids = host_span<int32_t>(a.expert_ids).data();
  float* weights = host_span<float>(a.weights).data();
  split(p.n_tokens, int64_t{p.n_experts} * 2 + 50, [&](int64_t first, int64_t last) noexcept {
    kernels_.route_tokens(p, logits, expert_ids, weights, first, last);
  });
  return Status();
}

}  // namespace tritium
