#include "simd/simd_backend.h"

namespace tritium {

Status SimdBackend::rope(const RopeArgs& a) {
  const RopeParams p = params_of(a);
  const float* x = host_span<float>(a.x).data();
  const float* cos_sin = host_span<float>(a.cos_sin).data();
  float* y = host_span<float>(a.y).data();
  split(p.n_tokens, int64_t{p.n_heads} * p.head_dim / 4,
        [&](int64_t first, int64_t last) noexcept { kernels_.rope(p, x, cos_sin, y, first, last); });
  return Status();
}

}  // namespace tritium
