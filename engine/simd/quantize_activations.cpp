#include "simd/simd_backend.h"

namespace tritium {

Status SimdBackend::quantize_activations(const QuantizeActivationsArgs& a) {
  const QuantizeActivationsParams p = params_of(a);
  const float* x = host_span<float>(a.x).data();
  int8_t* q = host_span<int8_t>(a.q).data();
  float* scales = host_span<float>(a.scales).data();
  split(int64_t{p.n_rows} * (p.padded_cols / p.block), p.block / 4,
        [&](int64_t first, int64_t last) noexcept { kernels_.quantize_activations(p, x, q, scales, first, last); });
  return Status();
}

}  // namespace tritium
