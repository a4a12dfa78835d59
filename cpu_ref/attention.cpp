// softmax(scale * q k^T) v over the keys a query may see. Vaswani et al. 2017; grouped queries: Ainslie et al. 2023.
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "cpu_ref/operations.h"

namespace tritium::cpu_ref {

void attention(const AttentionParams& p, std::span<const float> q, std::span<const float> k_cache,
               std::span<const float> v_cache, std::span<float> y) {
  const size_t heads_per_kv_head = p.n_heads / p.n_kv_heads;
  for (size_t t = 0; t < p.n_tokens; ++t) {
    // A sequence's tokens are neighbours, and so are its rows of the caches.
    const size_t sequence_length = p.n_tokens / p.n_sequences;
    const size_t start = t / sequence_length * (p.capacity / p.n_sequences);
    const size_t last = p.position + t % sequence_length;
    const size_t first = p.window == 0 || last + 1 < p.window ? 0 : last + 1 - p.window;
    for (size_t h = 0; h < p.n_heads; ++h) {
      const auto query = q.subspan((t * p.n_heads + h) * p.key_dim, p.key_dim);
      const auto key_of = [&](size_t j) {
        return k_cache.subspan(((start + j) * p.n_kv_heads + h / heads_per_kv_head) * p.key_dim, p.key_dim);
      };
      const auto value_of = [&](size_t j) {
        return v_cache.subspan(((start + j) * p.n_kv_heads + h / heads_per_kv_head) * p.value_dim, p.value_dim);
      };

      std::vector<double> probability(last - first + 1);
      double largest = -std::numeric_limits<double>::infinity();
      for (size_t j = first; j <= last; ++j) {
        double dot = 0;
        for (size_t d = 0; d < p.key_dim; ++d) dot += double{query[d]} * key_of(j)[d];
        probability[j - first] = p.scale * dot;
        largest = std::max(largest, p.scale * dot);
      }
      double sum = 0;
      for (double& s : probability) sum += s = std::exp(s - largest);

      const auto out = y.subspan((t * p.n_heads + h) * p.value_dim, p.value_dim);
      for (size_t d = 0; d < p.value_dim; ++d) {
        double mix = 0;
        for (size_t j = first; j <= last; ++j) mix += probability[j - first] * value_of(j)[d];
        out[d] = static_cast<float>(mix / sum);
      }
    }
  }
}

}  // namespace tritium::cpu_ref
