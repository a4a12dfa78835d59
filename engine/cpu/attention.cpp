#include <new>

#include "cpu/backend.h"

namespace tritium {

Status CpuBackend::compute(const Attention& a) try {
  const AttentionParams p = a.params();
  // Whole sequences, as in training: products of matrices instead of a query at a time.
  if (a.single_precision && p.position == 0 && p.capacity == p.n_tokens) {
    run_training_attention({.p = {.n_sequences = p.n_sequences,
                                  .sequence_length = p.n_tokens / p.n_sequences,
                                  .n_heads = p.n_heads,
                                  .n_kv_heads = p.n_kv_heads,
                                  .key_dim = p.key_dim,
                                  .value_dim = p.value_dim,
                                  .window = p.window,
                                  .scale = p.scale},
                            .q = host_span<float>(a.q).data(),
                            .k = host_span<float>(a.k_cache).data(),
                            .v = host_span<float>(a.v_cache).data(),
                            .y = host_span<float>(a.y).data(),
                            .dy = nullptr,
                            .dq = nullptr,
                            .dk = nullptr,
                            .dv = nullptr},
                           kernels_.attention_of_sequences);
    return Status();
  }
  const cpu::AttentionCall call = {.p = p,
                                   .q = host_span<float>(a.q).data(),
                                   .k_cache = host_span<float>(a.k_cache).data(),
                                   .v_cache = host_span<float>(a.v_cache).data(),
                                   .y = host_span<float>(a.y).data()};
  const int64_t n_tokens = p.n_tokens / p.n_sequences;
  const int64_t group = p.n_heads / p.n_kv_heads;
  const int64_t heads = std::min(group, cpu::kAttentionQueries);
  const int64_t tokens = std::min<int64_t>(cpu::kAttentionQueries / heads, n_tokens);
  const cpu::AttentionTiling tiling = {
      .tokens = tokens, .heads = heads, .n_tasks = ceil_div(n_tokens, tokens) * p.n_kv_heads * ceil_div(group, heads)};
  const int64_t n_keys = p.window == 0 ? p.position + n_tokens : std::min<int64_t>(p.window, p.position + n_tokens);
  split(tiling.n_tasks * p.n_sequences, heads * tokens * n_keys * (p.key_dim + p.value_dim) / 16,
        [&](int64_t first, int64_t last) noexcept { kernels_.attention(call, tiling, first, last); });
  return Status();
} catch (const std::bad_alloc&) {
  return Status(StatusCode::out_of_memory, "attention: no memory for the weights of a block of queries");
}

}  // namespace tritium
