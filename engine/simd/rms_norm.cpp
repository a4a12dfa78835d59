#include "simd/simd_backend.h"

namespace tritium {

Status SimdBackend::rms_norm(const RmsNormArgs& a) {
  const RmsNormParams p = params_of(a);
  const float* x = host_span<float>(a.x).data();
  const float* weight = host_span<float>(a.weight).data();
  float* y = host_span<float>(a.y).data();
  split(p.n_rows, p.dim / 4,
        [&](int64_t first, int64_t last) noexcept { kernels_.rms_norm(p, x, weight, y, first, last); });
  return Status();
}

}  // namespace tritium
