#include "simd/simd_backend.h"

namespace tritium {

Status SimdBackend::gated_activation_backward(const GatedActivationBackwardArgs& a) {
  const simd::GatedGradient call = {.p = params_of(a),
                                    .gate = host_span<float>(a.gate).data(),
                                    .up = host_span<float>(a.up).data(),
                                    .dy = host_span<float>(a.dy).data(),
                                    .dgate = host_span<float>(a.dgate).data(),
                                    .dup = host_span<float>(a.dup).data()};
  split(call.p.n_values, 1,
        [&](int64_t first, int64_t last) noexcept { kernels_.gated_activation_backward(call, first, last); });
  return Status();
}

}  // namespace tritium
