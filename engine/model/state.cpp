// What a session allocates: caches, rotations, the inputs of a pass, and the planned memory of its temporaries.
#include "model/state.h"

#include <algorithm>

#include "base/checked_math.h"
#include "base/format_text.h"
#include "model/rope_table.h"
#include "model/transformer.h"
#include "ops/allocator.h"

namespace tritium {
namespace {

// Logits of a large vocabulary are the largest tensor by far: at most this many values at once.
constexpr int64_t kLogitValues = int64_t{1} << 22;

void allocate_caches(const Config& c, ForwardState& s, Allocator& allocate) {
  const int64_t rows = s.options.sequences * s.options.capacity;
  if (c.rope_dims > 0) s.cos_sin = allocate.tensor("cos_sin", {s.options.capacity, c.rope_dims / 2, 2});
  if (c.lab.smear) s.smear_cache = allocate.tensor("smear_cache", {rows, c.dim});
  s.caches.resize(c.order.size());
  for (size_t i = 0; i < s.caches.size(); ++i) {
    const LayerConfig& layer = c.layers[static_cast<size_t>(c.order[i])];
    const int64_t heads = layer.n_kv_heads;
    const DType dtype = cache_dtype_for(s.options.cache, layer.key_dim, layer.value_dim);
    KvCache& cache = s.caches[i];
    cache.k = allocate.tensor(join("layer", i, ".k_cache"), {rows, heads, layer.key_dim}, dtype);
    cache.v = allocate.tensor(join("layer", i, ".v_cache"), {rows, heads, layer.value_dim}, dtype);
    if (dtype != DType::i8) continue;
    cache.k_scales = allocate.tensor(join("layer", i, ".k_scales"), {rows, heads});
    cache.v_scales = allocate.tensor(join("layer", i, ".v_scales"), {rows, heads});
  }
}

// Plans the temporaries of the largest pass.
Result<MemoryPlan> allocate_pass(const Config& c, const Weights& weights, ForwardState& s, Allocator& allocate) {
  const int64_t n = s.options.batch;
  s.logit_rows = std::clamp<int64_t>(kLogitValues / c.vocab_size, 1, n);
  s.tensors.tokens = allocate.tensor("tokens", {n}, DType::i32);
  s.tensors.rows = allocate.tensor("rows", {n, 2}, DType::i32);
  if (c.lab.bigram_dim > 0) {
    s.tensors.bigrams = allocate.tensor("bigrams", {n}, DType::i32);
    s.history.resize(static_cast<size_t>(s.options.sequences * s.options.capacity));
  }
  s.tensors.wanted = allocate.tensor("wanted", {s.logit_rows}, DType::i32);
  s.tensors.logits = allocate.tensor("logits", {s.logit_rows, c.vocab_size});
  s.tensors.hidden = allocate.tensor("hidden", {s.logit_rows, c.dim});
  s.tensors.best = allocate.tensor("best", {s.logit_rows}, DType::i32);
  if (!allocate.ok()) return allocate.status();
  Program largest;
  Ops ops(largest);
  record_pass(ops, c, weights, s,
              {.n_tokens = n, .n_logits = s.logit_rows, .n_steps = static_cast<int64_t>(c.order.size())});
  if (Status status = ops.finish(); !status.ok()) return status;
  return plan_memory(largest);
}

}  // namespace

std::vector<int32_t> rows_from(const ForwardState& state, TokenPosition first, int64_t n) {
  std::vector<int32_t> rows;
  rows.reserve(static_cast<size_t>(2 * n));
  for (int64_t t = 0; t < n; ++t) {
    rows.push_back(static_cast<int32_t>(first.position + t));
    rows.push_back(static_cast<int32_t>(first.sequence * state.options.capacity));
  }
  return rows;
}

Result<ForwardState> make_state(const Config& config, const Weights& weights, Backend& backend,
                                const StateOptions& options) {
  ForwardState state;
  state.options = options;
  Allocator allocate(backend);
  allocate_caches(config, state, allocate);
  const Result<MemoryPlan> plan = allocate_pass(config, weights, state, allocate);
  if (!plan.ok()) return plan.status();
  state.workspace.emplace(backend);
  state.workspace->reserve(*plan);
  if (Status s = state.workspace->allocate(); !s.ok()) return s;
  if (config.rope_dims == 0) return state;
  const std::vector<float> table = rope_table(config, weights.rope_factors, 0, options.capacity);
  if (Status s = backend.upload(state.cos_sin, std::as_bytes(std::span(table))); !s.ok()) return s;
  return state;
}

Result<StateBytes> state_bytes(const Config& config, const Weights& weights, const StateOptions& options) {
  ForwardState state;
  state.options = options;
  Allocator caches = Allocator::counting(), pass = Allocator::counting();
  allocate_caches(config, state, caches);
  if (!caches.ok()) return caches.status();
  const Result<MemoryPlan> plan = allocate_pass(config, weights, state, pass);
  if (!plan.ok()) return plan.status();
  return StateBytes{.activations = pass.bytes() + static_cast<uint64_t>(plan->bytes()),
                    .cache_per_token = caches.bytes() / static_cast<uint64_t>(options.capacity)};
}

}  // namespace tritium
