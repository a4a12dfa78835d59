#include "tests/support/random_model.h"

#include "base/counter_rng.h"
#include "model/config.h"
#include "model/weights.h"

namespace tritium {
namespace {

void write_metadata(const RandomModelOptions& o, Metadata& m) {
  const std::string p = o.architecture + ".";
  m.set("general.architecture", o.architecture);
  m.set("general.name", std::string("random ") + o.architecture);
  m.set(p + "block_count", o.n_layers);
  m.set(p + "context_length", o.context_length);
  m.set(p + "embedding_length", o.dim);
  m.set(p + "feed_forward_length", o.ffn_dim);
  m.set(p + "vocab_size", o.vocab_size);
  m.set(p + "attention.head_count", o.n_heads);
  m.set(p + "attention.head_count_kv", o.n_kv_heads);
  m.set(p + "attention.key_length", o.head_dim);
  m.set(p + "attention.value_length", o.head_dim);
  m.set(p + "attention.layer_norm_rms_epsilon", 1e-6);
  m.set(p + "rope.dimension_count", o.rope_dims);
  m.set(p + "rope.freq_base", 10000.0);
  if (o.architecture == "maple") m.set(p + "attention.sliding_window", o.window);
  if (o.n_experts > 0) {
    m.set(p + "expert_count", o.n_experts);
    m.set(p + "expert_used_count", o.n_experts_used);
    m.set(p + "expert_feed_forward_length", o.ffn_dim);
  }
  for (const auto& [key, values] : o.per_layer) m.set(p + key, values);
}

TernaryMatrix random_trits(const std::vector<int64_t>& shape, uint64_t seed) {
  const int64_t n = shape.size() == 3 ? shape[0] : 1;
  const int64_t rows = shape[shape.size() - 2];
  const int64_t cols = shape.back();
  TernaryMatrix matrix(n, rows, cols, ScaleGranularity::row);
  uint64_t counter = 0;
  for (int64_t m = 0; m < n; ++m)
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t c = 0; c < cols; ++c)
        matrix.set_trit(m, r, c, static_cast<int>(random_bits(seed, counter++) % 3) - 1);
  // About 1 / sqrt(cols): activations keep their size from layer to layer.
  for (float& s : matrix.scales())
    s = static_cast<float>((1.0 + 0.2 * random_normal(seed, counter++)) / std::sqrt(static_cast<double>(cols)));
  return matrix;
}

std::vector<float> random_values(const std::vector<int64_t>& shape, double mean, double spread, uint64_t seed) {
  int64_t n = 1;
  for (int64_t d : shape) n *= d;
  std::vector<float> values(static_cast<size_t>(n));
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(mean + spread * random_normal(seed, i));
  return values;
}

}  // namespace

MemoryTensorMap random_model(const RandomModelOptions& o) {
  MemoryTensorMap map("random " + o.architecture);
  write_metadata(o, map.mutable_metadata());
  map.add("token_embd.weight", {o.vocab_size, o.dim}, random_values({o.vocab_size, o.dim}, 0.0, 1.0, o.seed));
  if (o.input_norms) map.add("blk.0.attn_q_norm_in.weight", {o.dim}, std::vector<float>(static_cast<size_t>(o.dim)));
  const Result<Config> config = read_config(map);
  if (!config.ok()) return map;  // the test that asked for it sees the same error from load
  uint64_t seed = 1000 * o.seed;
  for (const TensorSpec& slot : tensor_specs(*config)) {
    ++seed;
    if (slot.name == "token_embd.weight" || (slot.optional && o.tied_head)) continue;
    const double spread = 1.0 / std::sqrt(static_cast<double>(slot.shape.back()));
    if (slot.role == TensorRole::norm) {
      map.add(slot.name, slot.shape, random_values(slot.shape, 1.0, 0.1, seed));
    } else if (slot.role == TensorRole::router) {
      map.add(slot.name, slot.shape, random_values(slot.shape, 0.0, 3.0 * spread, seed));
    } else if (o.ternary) {
      map.add(slot.name, slot.shape, random_trits(slot.shape, seed));
    } else {
      map.add(slot.name, slot.shape, random_values(slot.shape, 0.0, spread, seed));
    }
  }
  return map;
}

}  // namespace tritium
