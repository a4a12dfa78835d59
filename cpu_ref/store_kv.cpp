// k_cache[row of t] = k[t], v_cache[row of t] = v[t], in the type of the caches.
#include <cstring>

#include "cpu_ref/int8_block.h"
#include "ops/store_kv.h"

namespace tritium::cpu_ref {
namespace {

// A cache's plane and its scales, if any.
struct Cache {
  DType dtype;
  std::span<std::byte> plane;
  std::span<float> scales;

  // Head row `row` of the cache.
  void store(size_t row, std::span<const float> x) const {
    const auto value_bytes = static_cast<size_t>(bits_of(dtype) / 8);
    std::byte* to = &plane[row * x.size() * value_bytes];
    if (dtype == DType::f32) {
      std::memcpy(to, x.data(), x.size_bytes());
    } else if (dtype == DType::i8) {
      scales[row] = quantize_block(x, {reinterpret_cast<int8_t*>(to), x.size()});
    } else {
      for (size_t d = 0; d < x.size(); ++d) {
        const auto bits = static_cast<uint16_t>(shader::f16_bits(x[d]));
        std::memcpy(to + 2 * d, &bits, 2);
      }
    }
  }
};

}  // namespace

void store_kv(const StoreKvParams& p, std::span<const float> k, std::span<const float> v, std::span<const int32_t> rows,
              std::span<std::byte> k_cache, std::span<std::byte> v_cache, std::span<float> k_scales,
              std::span<float> v_scales) {
  const auto dtype = static_cast<DType>(p.cache_dtype);
  const Cache keys = {dtype, k_cache, k_scales}, values = {dtype, v_cache, v_scales};
  for (size_t t = 0; t < p.n_tokens; ++t)
    for (size_t h = 0; h < p.n_kv_heads; ++h) {
      const size_t from = t * p.n_kv_heads + h;
      const size_t to = static_cast<size_t>(rows[2 * t] + rows[2 * t + 1]) * p.n_kv_heads + h;
      keys.store(to, k.subspan(from * p.key_dim, p.key_dim));
      values.store(to, v.subspan(from * p.value_dim, p.value_dim));
    }
}

}  // namespace tritium::cpu_ref
