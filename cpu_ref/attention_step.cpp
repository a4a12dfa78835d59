// Norm and rotation of q and k, their rows in the caches, and attention over the splits of the keys.
#include "ops/attention_step.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "base/cancel.h"
#include "cpu_ref/cached_rows.h"
#include "ops/rms_norm.h"
#include "ops/rope.h"
#include "ops/store_kv.h"
#include "shaders/lib/splits.h"

namespace tritium::cpu_ref {
namespace {

// A head a row: normed and rotated, in the order that is asked for.
std::vector<float> prepared(const AttentionStepParams& p, std::span<const float> x, std::span<const float> weight,
                            std::span<const float> cos_sin, std::span<const int32_t> rows) {
  std::vector<float> from(x.begin(), x.end()), to(x.size());
  const auto n_heads = static_cast<uint32_t>(x.size() / p.key_dim);
  const auto norm = [&] {
    rms_norm({.n_rows = n_heads, .dim = p.key_dim, .eps = p.eps}, from, weight, to);
    std::swap(from, to);
  };
  if (p.with_norm && !p.norm_after_rope) norm();
  if (p.n_rotated > 0) {
    rope({.n_tokens = 1, .n_heads = n_heads, .head_dim = p.key_dim, .n_rotated = p.n_rotated, .pairing = p.pairing},
         from, rows, cos_sin, to);
    std::swap(from, to);
  }
  if (p.with_norm && p.norm_after_rope) norm();
  return from;
}

}  // namespace

void attention_step(const AttentionStepParams& p, std::span<const float> q, std::span<const float> k,
                    std::span<const float> v, std::span<const float> q_norm, std::span<const float> k_norm,
                    std::span<const float> cos_sin, std::span<const int32_t> rows, std::span<std::byte> k_cache,
                    std::span<std::byte> v_cache, std::span<float> k_scales, std::span<float> v_scales,
                    std::span<float> parts) {
  const std::vector<float> queries = prepared(p, q, q_norm, cos_sin, rows), key = prepared(p, k, k_norm, cos_sin, rows);
  store_kv({.n_tokens = 1,
            .n_kv_heads = p.n_kv_heads,
            .key_dim = p.key_dim,
            .value_dim = p.value_dim,
            .cache_dtype = p.cache_dtype},
           key, v, rows, k_cache, v_cache, k_scales, v_scales);
  const auto dtype = static_cast<DType>(p.cache_dtype);
  const CachedRows keys = {dtype, k_cache, k_scales, p.key_dim}, values = {dtype, v_cache, v_scales, p.value_dim};
  const auto last = static_cast<uint32_t>(rows[0]), start = static_cast<uint32_t>(rows[1]);
  const uint32_t first = p.window == 0 || last + 1 < p.window ? 0 : last + 1 - p.window;
  for (uint32_t h = 0; h < p.n_heads; ++h)
    for (uint32_t s = 0; s < p.n_splits; ++s) {
      check_cancelled();
      const auto part = parts.subspan(shader::part_of(h, s, p.n_splits, p.value_dim), p.value_dim + 2);
      std::vector<double> scores, mix(p.value_dim);
      const auto row_of = [&](size_t j) { return (start + j) * p.n_kv_heads + h / (p.n_heads / p.n_kv_heads); };
      const uint32_t begin = first + s * p.split_keys, end = std::min(begin + p.split_keys, last + 1);
      double largest = -std::numeric_limits<double>::infinity(), sum = 0;
      for (size_t j = begin; j < end; ++j) {
        double dot = 0;
        for (size_t d = 0; d < p.key_dim; ++d) dot += queries[h * p.key_dim + d] * keys.value(row_of(j), d);
        scores.push_back(p.scale * dot);
        largest = std::max(largest, scores.back());
      }
      for (size_t j = begin; j < end; ++j) {
        const double weight = std::exp(scores[j - begin] - largest);
        sum += weight;
        for (size_t d = 0; d < p.value_dim; ++d) mix[d] += weight * values.value(row_of(j), d);
      }
      std::ranges::transform(mix, part.begin(), [](double x) { return static_cast<float>(x); });
      part[p.value_dim] = begin < end ? static_cast<float>(largest) : 0.0f;
      part[p.value_dim + 1] = static_cast<float>(sum);
    }
}

}  // namespace tritium::cpu_ref
