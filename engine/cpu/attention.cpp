// softmax(scale * q k^T) v and its gradient: by tasks of a few queries over caches, or as products of matrices where
// the tokens are those of whole sequences.
#include "cpu/backend.h"

namespace tritium {
namespace {

// So many that a thread which is held up leaves the others little to wait for.
constexpr int64_t kPartsOfThread = 4;

// So many that no thread waits long for the last one; with fewer, tiles are made smaller, down to kLeastQueries, and
// then the spans of their keys are shared out.
constexpr int64_t kTilesOfThread = 8;
constexpr int64_t kLeastQueries = 16;

// The same of whole rows of one token's keys.
constexpr int64_t kSpansOfThread = 4;

// The length of the sequences when the tokens are those of whole sequences of equal length, one after another, and so
// are the caches: then queries, keys and values are matrices. 0 when they are not.
int64_t whole_sequences(std::span<const int32_t> rows, int64_t capacity) {
  const auto n = static_cast<int64_t>(rows.size() / 2);
  if (n != capacity) return 0;
  int64_t length = 1;
  while (length < n && rows[static_cast<size_t>(2 * length)] != 0) ++length;
  if (n % length != 0) return 0;
  for (int64_t t = 0; t < n; ++t)
    if (rows[static_cast<size_t>(2 * t)] != t % length || rows[static_cast<size_t>(2 * t + 1)] != t - t % length)
      return 0;
  return length;
}

}  // namespace

void CpuBackend::compute(const Attention& a) {
  const AttentionParams p = a.params();
  const auto rows = host_span<int32_t>(a.rows);
  const bool floats = a.k_cache.dtype == DType::f32;
  if (const int64_t length = a.single_precision && floats ? whole_sequences(rows, a.k_cache.shape[0]) : 0; length > 0) {
    return run_training_attention({.p = {.n_sequences = u32(p.n_tokens / length),
                                         .sequence_length = u32(length),
                                         .n_heads = p.n_heads,
                                         .n_kv_heads = p.n_kv_heads,
                                         .key_dim = p.key_dim,
                                         .value_dim = p.value_dim,
                                         .window = p.window,
                                         .scale = p.scale},
                                   .q = host_span<float>(a.q).data(),
                                   .k = host_span<float>(a.k_cache).data(),
                                   .v = host_span<float>(a.v_cache).data(),
                                   .y = host_span<float>(a.y).data()},
                                  kernels_.attention.attention_of_sequences);
  }
  cpu::AttentionCall call = {.p = p,
                             .q = host_span<float>(a.q).data(),
                             .rows = rows.data(),
                             .k_cache = host_span<std::byte>(a.k_cache).data(),
                             .v_cache = host_span<std::byte>(a.v_cache).data(),
                             .k_scales = host_span<float>(a.k_scales).data(),
                             .v_scales = host_span<float>(a.v_scales).data(),
                             .y = host_span<float>(a.y).data()};
  const int64_t n_tokens = p.n_tokens, group = p.n_heads / p.n_kv_heads;
  int64_t heads = 0, tokens = 0, n_tiles = 0;
  for (int64_t queries = cpu::kAttentionQueries; queries >= kLeastQueries; queries /= 2) {
    heads = std::min(group, queries);
    tokens = std::min<int64_t>(queries / heads, n_tokens);
    n_tiles = ceil_div(n_tokens, tokens) * p.n_kv_heads * ceil_div(group, heads);
    if (n_tiles >= kTilesOfThread * pool_.threads()) break;
  }
  int64_t last = 0;
  for (size_t t = 0; t < rows.size(); t += 2) last = std::max<int64_t>(last, rows[t]);
  const int64_t n_keys = p.window > 0 ? std::min<int64_t>(last + 1, p.window) : last + 1;
  // Few tokens with many keys: the spans are tasks, too.
  const int64_t all_spans = last / cpu::kAttentionSpan + 1;
  const bool by_spans = n_keys > cpu::kAttentionSpan && n_tiles < kTilesOfThread * pool_.threads();
  const int64_t n_spans = by_spans ? all_spans : 1;
  // One token reads whole rows of keys, unless tasks so long would keep threads waiting for the last one.
  int64_t kv_heads = n_tokens == 1 ? std::clamp<int64_t>(cpu::kAttentionQueries / group, 1, int64_t{p.n_kv_heads}) : 1;
  const int64_t least_tasks = pool_.threads() > 1 ? kSpansOfThread * pool_.threads() : 1;
  while (kv_heads > 1 && ceil_div(p.n_kv_heads, kv_heads) * n_spans < least_tasks) kv_heads = ceil_div(kv_heads, 2);
  if (kv_heads > 1) heads = kv_heads * group, n_tiles = ceil_div(p.n_kv_heads, kv_heads);
  const cpu::AttentionTiling tiling = {
      .tokens = tokens, .heads = heads, .kv_heads = kv_heads, .n_spans = n_spans, .n_tasks = n_tiles * n_spans};
  if (by_spans) {
    attention_partials_.resize(static_cast<size_t>(n_tokens * p.n_heads * all_spans * (int64_t{p.value_dim} + 2)));
    call.partials = attention_partials_.data();
  }
  const int64_t keys_of_task = by_spans ? ceil_div(n_keys, all_spans) : n_keys;
  split(tiling.n_tasks, heads * tokens * keys_of_task * (p.key_dim + p.value_dim) / 32,
        [&](int64_t first, int64_t end) noexcept { kernels_.attention.attention(call, tiling, first, end); });
  if (by_spans)
    split(n_tokens * p.n_heads, all_spans * p.value_dim / 4,
          [&](int64_t first, int64_t end) noexcept { kernels_.attention.merge_attention(call, tiling, first, end); });
}

void CpuBackend::compute(const AttentionBackward& a) {
  run_training_attention({.p = a.params(),
                          .q = host_span<float>(a.q).data(),
                          .k = host_span<float>(a.k).data(),
                          .v = host_span<float>(a.v).data(),
                          .dy = host_span<float>(a.dy).data(),
                          .dq = host_span<float>(a.dq).data(),
                          .dk = host_span<float>(a.dk).data(),
                          .dv = host_span<float>(a.dv).data()},
                         kernels_.attention.attention_backward);
}

void CpuBackend::run_training_attention(const cpu::TrainingAttention& call,
                                        void (*kernel)(const cpu::TrainingAttention&, float*, int64_t, int64_t)) {
  const auto scratch = static_cast<size_t>(2 * cpu::kTrainingQueries * call.p.sequence_length);
  const int64_t n_tasks = int64_t{call.p.n_sequences} * call.p.n_kv_heads;
  const int64_t n_parts = std::min<int64_t>(pool_.threads() * kPartsOfThread, n_tasks);  // each with its own scratch
  attention_scratch_.resize(scratch * static_cast<size_t>(n_parts));
  const int64_t length = call.p.sequence_length, heads = call.p.n_heads / call.p.n_kv_heads;
  const int64_t round = round_of(heads * length * length * (call.p.key_dim + call.p.value_dim) / 8 + 1);
  for (int64_t done = 0; done < n_tasks; done += round) {
    check_cancelled();
    const int64_t n = std::min(round, n_tasks - done);
    pool_.run(n_parts, 1, [&](int64_t part, int64_t end) noexcept {
      for (; part < end; ++part)
        kernel(call, attention_scratch_.data() + scratch * static_cast<size_t>(part), done + n * part / n_parts,
               done + n * (part + 1) / n_parts);
    });
  }
}

}  // namespace tritium
