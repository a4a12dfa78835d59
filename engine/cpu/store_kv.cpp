#include <cstring>

#include "cpu/backend.h"

namespace tritium {

Status CpuBackend::compute(const StoreKv& a) {
  const StoreKvParams p = a.params();
  const float* k = host_span<float>(a.k).data();
  const float* v = host_span<float>(a.v).data();
  const auto rows = host_span<int32_t>(a.rows);
  float* k_cache = host_span<float>(a.k_cache).data();
  float* v_cache = host_span<float>(a.v_cache).data();
  split(p.n_tokens, (int64_t{p.k_row} + p.v_row) / 4, [&](int64_t first, int64_t last) noexcept {
    for (int64_t t = first; t < last; ++t) {
      const int64_t row = rows[static_cast<size_t>(2 * t)] + rows[static_cast<size_t>(2 * t + 1)];
      std::memcpy(k_cache + row * p.k_row, k + t * p.k_row, p.k_row * sizeof(float));
      std::memcpy(v_cache + row * p.v_row, v + t * p.v_row, p.v_row * sizeof(float));
    }
  });
  return Status();
}

}  // namespace tritium
