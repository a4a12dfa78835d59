// Rows of keys and values into their places in the caches.
#include <algorithm>

#include "ops/store_kv.h"

namespace tritium::cpu_ref {

void store_kv(const StoreKvParams& p, std::span<const float> k, std::span<const float> v, std::span<float> k_cache,
              std::span<float> v_cache) {
  std::copy_n(k.begin(), p.n_tokens * p.k_row, k_cache.begin() + std::ptrdiff_t{p.position} * p.k_row);
  std::copy_n(v.begin(), p.n_tokens * p.v_row, v_cache.begin() + std::ptrdiff_t{p.position} * p.v_row);
}

}  // namespace tritium::cpu_ref
