#include "cpu_ref/operations.h"
#include "simd/simd_backend.h"

namespace tritium {

Status SimdBackend::dequantize_activations(const DequantizeActivationsArgs& a) {
  const DequantizeActivationsParams p = params_of(a);
  split(p.n_rows, p.cols, [&](int64_t first, int64_t last) noexcept {
    DequantizeActivationsParams part = p;
    part.n_rows = static_cast<uint32_t>(last - first);
    cpu_ref::dequantize_activations(part, rows_of(host_span<int8_t>(a.q), first, last, p.padded_cols),
                                    rows_of(host_span<float>(a.scales), first, last, p.n_blocks),
                                    rows_of(host_span<float>(a.x), first, last, p.cols));
  });
  return Status();
}

}  // namespace tritium
