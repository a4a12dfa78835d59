#include <cstring>

#include "cpu/backend.h"

namespace tritium {

Status CpuBackend::compute(const StoreKv& a) {
  const StoreKvParams p = a.params();
  const float* k = host_span<float>(a.k).data();
  const float* v = host_span<float>(a.v).data();
  float* k_cache = host_span<float>(a.k_cache).data() + int64_t{p.position} * p.k_row;
  float* v_cache = host_span<float>(a.v_cache).data() + int64_t{p.position} * p.v_row;
  split(p.n_tokens, (int64_t{p.k_row} + p.v_row) / 4, [&](int64_t first, int64_t last) noexcept {
    const auto copy = [&](const float* from, float* to, int64_t row) {
      std::memcpy(to + first * row, from + first * row, static_cast<size_t>((last - first) * row) * sizeof(float));
    };
    copy(k, k_cache, p.k_row);
    copy(v, v_cache, p.v_row);
  });
  return Status();
}

}  // namespace tritium
