// k_cache[row of t] = k[t], v_cache[row of t] = v[t]
#include <algorithm>

#include "ops/store_kv.h"

namespace tritium::cpu_ref {

void store_kv(const StoreKvParams& p, std::span<const float> k, std::span<const float> v, std::span<const int32_t> rows,
              std::span<float> k_cache, std::span<float> v_cache) {
  for (size_t t = 0; t < p.n_tokens; ++t) {
    const size_t row = static_cast<size_t>(rows[2 * t]) + static_cast<size_t>(rows[2 * t + 1]);
    std::ranges::copy(k.subspan(t * p.k_row, p.k_row), k_cache.subspan(row * p.k_row, p.k_row).begin());
    std::ranges::copy(v.subspan(t * p.v_row, p.v_row), v_cache.subspan(row * p.v_row, p.v_row).begin());
  }
}

}  // namespace tritium::cpu_ref
