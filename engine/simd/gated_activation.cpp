#include "simd/simd_backend.h"

namespace tritium {

Status SimdBackend::gated_activation(const GatedActivationArgs& a) {
  const GatedActivationParams p = params_of(a);
  const float* gate = host_span<float>(a.gate).data();
  const float* up = host_span<float>(a.up).data();
  float* y = host_span<float>(a.y).data();
  split(p.n_values, 1,
        [&](int64_t first, int64_t last) noexcept { kernels_.gated_activation(p, gate, up, y, first, last); });
  return Status();
}

}  // namespace tritium
