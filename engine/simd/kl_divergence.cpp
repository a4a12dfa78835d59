#include "simd/simd_backend.h"

namespace tritium {

Status SimdBackend::kl_divergence(const KlDivergenceArgs& a) {
  const simd::KlDivergenceCall call = {.p = params_of(a),
                                       .logits = host_span<float>(a.logits).data(),
                                       .teacher = host_span<float>(a.teacher).data(),
                                       .targets = host_span<int32_t>(a.targets).data(),
                                       .losses = host_span<float>(a.losses).data(),
                                       .dlogits = host_span<float>(a.dlogits).data()};
  split(call.p.n_rows, 2 * int64_t{call.p.vocab_size},
        [&](int64_t first, int64_t last) noexcept { kernels_.kl_divergence(call, first, last); });
  return Status();
}

}  // namespace tritium
