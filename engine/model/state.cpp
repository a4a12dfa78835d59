#include "model/state.h"

#include <algorithm>

#include "base/checked_math.h"
#include "base/format_text.h"
#include "model/rope_table.h"

namespace tritium {
namespace {

// Allocates what a list names, keeping the first error; without a backend it only counts bytes.
class Allocator {
 public:
  explicit Allocator(Backend* backend) : backend_(backend) {}

  void operator()(Tensor& tensor, const std::string& name, const Shape& shape, DType dtype = DType::f32) {
    const Tensor wanted{nullptr, shape, dtype};
    bytes_ += static_cast<uint64_t>(wanted.bytes());
    if (!backend_ || !status_.ok()) return;
    Result<Tensor> made = backend_->allocate(shape, dtype, name);
    if (made.ok()) {
      tensor = *std::move(made);
    } else {
      status_ = made.status();
    }
  }

  uint64_t bytes() const { return bytes_; }
  const Status& status() const { return status_; }

 private:
  Backend* backend_;
  uint64_t bytes_ = 0;
  Status status_;
};

int64_t widest_input(const Config& c) {
  return std::max({c.dim, c.n_heads * c.value_dim, c.moe() ? c.expert_ffn_dim : c.ffn_dim});
}

void allocate_activations(const Config& c, const StateOptions& options, ForwardState& s, Allocator& allocate) {
  const int64_t n = options.batch;
  const int64_t k = c.moe() ? c.n_experts_used : 1;
  const int64_t width = c.moe() ? c.expert_ffn_dim : c.ffn_dim;
  ActivationBuffers& a = s.act;
  allocate(a.tokens, "tokens", {n}, DType::i32);
  allocate(a.rows, "rows", {n, 2}, DType::i32);
  for (auto [tensor, name] : {std::pair{&a.x, "x"}, {&a.x_mid, "x_mid"}, {&a.normed, "normed"}, {&a.branch, "branch"}})
    allocate(*tensor, name, {n, c.dim});
  for (auto [tensor, name] : {std::pair{&a.q, "q"}, {&a.q2, "q2"}}) allocate(*tensor, name, {n, c.q_dim()});
  for (auto [tensor, name] : {std::pair{&a.k, "k"}, {&a.k2, "k2"}}) allocate(*tensor, name, {n, c.k_dim()});
  allocate(a.v, "v", {n, c.v_dim()});
  allocate(a.mixed, "mixed", {n, c.n_heads * c.value_dim});
  if (c.attn_sub_norm) allocate(a.mixed2, "mixed2", {n, c.n_heads * c.value_dim});
  if (c.moe()) {
    allocate(a.router, "router", {n, c.n_experts});
    allocate(a.expert_ids, "expert_ids", {n, k}, DType::i32);
    allocate(a.expert_weights, "expert_weights", {n, k});
    allocate(a.expert_out, "expert_out", {n * k, c.dim});
  }
  for (auto [tensor, name] : {std::pair{&a.gate, "gate"}, {&a.up, "up"}, {&a.act, "act"}})
    allocate(*tensor, name, {n * k, width});
  if (c.ffn_sub_norm) allocate(a.act2, "act2", {n * k, width});

  if (options.adapter_rank > 0) {
    allocate(a.adapter_low, "adapter_low", {n * k, options.adapter_rank});
    // The head has at most a batch of rows, but many features.
    allocate(a.adapter_out, "adapter_out", {n * k, options.adapter_rows});
  }

  const int64_t padded = round_up(widest_input(c), TernaryMatrix::kRowAlign);
  allocate(s.quantized.q, "quantized.q", {n * k * padded}, DType::i8);
  allocate(s.quantized.scales, "quantized.scales", {n * k * (padded / 256)});

  allocate(s.last_rows, "last_rows", {s.logit_rows}, DType::i32);
  allocate(s.selected, "selected", {s.logit_rows, c.dim});
  allocate(s.selected_normed, "selected_normed", {s.logit_rows, c.dim});
  allocate(s.logits, "logits", {s.logit_rows, c.vocab_size});
}

void allocate_caches(const Config& c, const StateOptions& options, ForwardState& s, Allocator& allocate) {
  if (c.rope_dims > 0) allocate(s.cos_sin, "cos_sin", {options.capacity, c.rope_dims / 2, 2});
  s.caches.resize(c.layers.size());
  for (size_t i = 0; i < s.caches.size(); ++i) {
    allocate(s.caches[i].k, join("layer", i, ".k_cache"), {options.capacity, c.n_kv_heads, c.key_dim});
    allocate(s.caches[i].v, join("layer", i, ".v_cache"), {options.capacity, c.n_kv_heads, c.value_dim});
  }
}

// Logits of a large vocabulary are the largest activation by far: at most this many values at once.
constexpr int64_t kLogitValues = int64_t{1} << 22;

int64_t logit_rows(const Config& c, const StateOptions& options) {
  return std::clamp<int64_t>(kLogitValues / c.vocab_size, 1, options.batch);
}

}  // namespace

Result<ForwardState> make_state(const Config& config, std::span<const float> rope_factors, Backend& backend,
                                const StateOptions& options) {
  ForwardState state;
  state.options = options;
  state.logit_rows = logit_rows(config, options);
  Allocator allocate(&backend);
  allocate_caches(config, options, state, allocate);
  allocate_activations(config, options, state, allocate);
  if (!allocate.status().ok()) return allocate.status();
  if (config.rope_dims == 0) return state;
  const std::vector<float> table = rope_table(config, rope_factors, 0, options.capacity);
  if (Status s = backend.upload(state.cos_sin, std::as_bytes(std::span(table))); !s.ok()) return s;
  return state;
}

StateBytes state_bytes(const Config& config, const StateOptions& options) {
  ForwardState none;
  none.logit_rows = logit_rows(config, options);
  Allocator activations(nullptr);
  allocate_activations(config, options, none, activations);
  Allocator caches(nullptr);
  allocate_caches(config, {.capacity = 1, .batch = options.batch, .activations = options.activations}, none, caches);
  return {.activations = activations.bytes(), .cache_per_token = caches.bytes()};
}

}  // namespace tritium
