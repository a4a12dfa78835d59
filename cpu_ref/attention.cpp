// y = softmax(scale * q k^T) v over the keys a query may see, and the gradients. Vaswani et al. 2017; grouped queries:
// Ainslie et al. 2023.
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "base/cancel.h"
#include "cpu_ref/cached_rows.h"
#include "ops/attention.h"
#include "ops/attention_backward.h"

namespace tritium::cpu_ref {

void attention(const AttentionParams& p, std::span<const float> q, std::span<const int32_t> rows,
               std::span<const std::byte> k_cache, std::span<const std::byte> v_cache, std::span<const float> k_scales,
               std::span<const float> v_scales, std::span<float> y) {
  const auto dtype = static_cast<DType>(p.cache_dtype);
  const CachedRows keys = {dtype, k_cache, k_scales, p.key_dim}, values = {dtype, v_cache, v_scales, p.value_dim};
  const size_t heads_per_kv_head = p.n_heads / p.n_kv_heads;
  for (size_t t = 0; t < p.n_tokens; ++t) {
    const auto last = static_cast<size_t>(rows[2 * t]);
    const auto start = static_cast<size_t>(rows[2 * t + 1]);
    const size_t first = p.window == 0 || last + 1 < p.window ? 0 : last + 1 - p.window;
    for (size_t h = 0; h < p.n_heads; ++h) {
      check_cancelled();
      const auto query = q.subspan((t * p.n_heads + h) * p.key_dim, p.key_dim);
      const auto row_of = [&](size_t j) { return (start + j) * p.n_kv_heads + h / heads_per_kv_head; };

      std::vector<double> probability(last - first + 1);
      double largest = -std::numeric_limits<double>::infinity();
      for (size_t j = first; j <= last; ++j) {
        double dot = 0;
        for (size_t d = 0; d < p.key_dim; ++d) dot += query[d] * keys.value(row_of(j), d);
        probability[j - first] = p.scale * dot;
        largest = std::max(largest, p.scale * dot);
      }
      double sum = 0;
      for (double& s : probability) sum += s = std::exp(s - largest);

      const auto out = y.subspan((t * p.n_heads + h) * p.value_dim, p.value_dim);
      for (size_t d = 0; d < p.value_dim; ++d) {
        double mix = 0;
        for (size_t j = first; j <= last; ++j) mix += probability[j - first] * values.value(row_of(j), d);
        out[d] = static_cast<float>(mix / sum);
      }
    }
  }
}

namespace {

struct Query {
  size_t row;       // of q and dy
  size_t sequence;  // its first token
  size_t kv_head;
  size_t first, last;  // keys it sees, counted in the sequence
};

double dot(std::span<const float> a, size_t i, std::span<const float> b, size_t j, size_t n) {
  double sum = 0;
  for (size_t d = 0; d < n; ++d) sum += double{a[i + d]} * b[j + d];
  return sum;
}

void one_query(const AttentionBackwardParams& p, const Query& query, std::span<const float> q, std::span<const float> k,
               std::span<const float> v, std::span<const float> dy, std::span<float> dq, std::vector<double>& dk,
               std::vector<double>& dv) {
  check_cancelled();
  const size_t n = query.last - query.first + 1;
  const auto kv_row = [&](size_t j) { return (query.sequence + query.first + j) * p.n_kv_heads + query.kv_head; };
  const size_t q_at = query.row * p.key_dim;
  const size_t dy_at = query.row * p.value_dim;

  std::vector<double> weights(n);
  double largest = -INFINITY;
  for (size_t j = 0; j < n; ++j) {
    weights[j] = dot(q, q_at, k, kv_row(j) * p.key_dim, p.key_dim) * p.scale;
    largest = std::fmax(largest, weights[j]);
  }
  double sum = 0;
  for (double& w : weights) sum += w = std::exp(w - largest);
  for (double& w : weights) w /= sum;

  std::vector<double> dweights(n);
  double mean = 0;
  for (size_t j = 0; j < n; ++j) {
    dweights[j] = dot(dy, dy_at, v, kv_row(j) * p.value_dim, p.value_dim);
    mean += weights[j] * dweights[j];
  }
  std::vector<double> dq_row(p.key_dim);
  for (size_t j = 0; j < n; ++j) {
    const double dscore = weights[j] * (dweights[j] - mean) * p.scale;
    for (size_t d = 0; d < p.value_dim; ++d) dv[kv_row(j) * p.value_dim + d] += weights[j] * dy[dy_at + d];
    for (size_t d = 0; d < p.key_dim; ++d) {
      dq_row[d] += dscore * k[kv_row(j) * p.key_dim + d];
      dk[kv_row(j) * p.key_dim + d] += dscore * q[q_at + d];
    }
  }
  for (size_t d = 0; d < p.key_dim; ++d) dq[q_at + d] = static_cast<float>(dq_row[d]);
}

}  // namespace

void attention_backward(const AttentionBackwardParams& p, std::span<const float> q, std::span<const float> k,
                        std::span<const float> v, std::span<const float> dy, std::span<float> dq, std::span<float> dk,
                        std::span<float> dv) {
  std::vector<double> dk_sums(dk.size()), dv_sums(dv.size());
  for (size_t s = 0; s < p.n_sequences; ++s)
    for (size_t t = 0; t < p.sequence_length; ++t)
      for (size_t h = 0; h < p.n_heads; ++h) {
        const Query query = {.row = ((s * p.sequence_length + t) * p.n_heads + h),
                             .sequence = s * p.sequence_length,
                             .kv_head = h / (p.n_heads / p.n_kv_heads),
                             .first = p.window != 0 && t + 1 > p.window ? t + 1 - p.window : 0,
                             .last = t};
        one_query(p, query, q, k, v, dy, dq, dk_sums, dv_sums);
      }
  for (size_t i = 0; i < dk.size(); ++i) dk[i] = static_cast<float>(dk_sums[i]);
  for (size_t i = 0; i < dv.size(); ++i) dv[i] = static_cast<float>(dv_sums[i]);
}

}  // namespace tritium::cpu_ref
