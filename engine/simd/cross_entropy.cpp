#include "simd/simd_backend.h"

namespace tritium {

Status SimdBackend::cross_entropy(const CrossEntropyArgs& a) {
  const simd::CrossEntropyCall call = {.p = params_of(a),
                                       .logits = host_span<float>(a.logits).data(),
                                       .targets = host_span<int32_t>(a.targets).data(),
                                       .losses = host_span<float>(a.losses).data(),
                                       .dlogits = host_span<float>(a.dlogits).data()};
  split(call.p.n_rows, call.p.vocab_size,
        [&](int64_t first, int64_t last) noexcept { kernels_.cross_entropy(call, first, last); });
  return Status();
}

}  // namespace tritium
