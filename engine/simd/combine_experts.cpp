#include "simd/simd_backend.h"

namespace tritium {

Status SimdBackend::combine_experts(const CombineExpertsArgs& a) {
  const CombineExpertsParams p = params_of(a);
  const float* x = host_span<float>(a.x).data();
  const float* weights = host_span<float>(a.weights).data();
  float* y = host_span<float>(a.y).data();
  split(p.n_tokens, int64_t{p.top_k} * p.dim / 4, [&](int64_t first, int64_t last) noexcept {
    kernels_.combine_experts(p.top_k, p.dim, x, weights, y, first, last);
  });
  return Status();
}

}  // namespace tritium
