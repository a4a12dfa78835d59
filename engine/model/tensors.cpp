#include "model/tensors.h"

#include "base/format_text.h"

namespace tritium {
namespace {

class SpecList {
 public:
  explicit SpecList(const Config& config) : config_(config) {}

  // Of layer i.
  void add(size_t i, const char* name, std::vector<int64_t> shape, TensorRole role,
           const Parameter* LayerParameters::*member) {
    specs_.push_back({.name = join("blk.", i, ".", name, ".weight"),
                      .shape = std::move(shape),
                      .role = role,
                      .layer = static_cast<int64_t>(i),
                      .to_stream = member == &LayerParameters::attn_output || member == &LayerParameters::ffn_down ||
                                   member == &LayerParameters::ffn_down_shexp || member == &LayerParameters::ple_output,
                      .where = [i, member](ModelParameters& m) -> const Parameter*& { return m.layers[i].*member; }});
  }
  // A vector of layer i that is learned in full precision.
  void add_vector(size_t i, const char* name, int64_t width, const Parameter* LayerParameters::*member,
                  float initial = 1.0f) {
    add(i, name, {width}, TensorRole::norm, member);
    specs_.back().initial = initial;
  }
  void add_vector(const char* name, int64_t width, const Parameter* ModelParameters::*member, float initial = 1.0f) {
    add(name, {width}, TensorRole::norm, -1, member);
    specs_.back().initial = initial;
  }
  void add_table(const char* name, int64_t rows, int64_t cols, const Parameter* ModelParameters::*member) {
    add(name, {rows, cols}, TensorRole::embedding, -1, member);
    specs_.back().table = true;
  }
  // The norm before the projection of that name.
  void add_input_norm(size_t i, const char* name, int64_t width, const Parameter* InputNorms::*member) {
    if (!config_.input_norms) return;
    specs_.push_back(
        {.name = join("blk.", i, ".", name, "_norm_in.weight"),
         .shape = {width},
         .role = TensorRole::norm,
         .layer = static_cast<int64_t>(i),
         .where = [i, member](ModelParameters& m) -> const Parameter*& { return m.layers[i].input_norms.*member; }});
  }
  void add(const char* name, std::vector<int64_t> shape, TensorRole role, int64_t layer,
           const Parameter* ModelParameters::*member, bool optional = false) {
    specs_.push_back({.name = name,
                      .shape = std::move(shape),
                      .role = role,
                      .layer = layer,
                      .optional = optional,
                      .where = [member](ModelParameters& m) -> const Parameter*& { return m.*member; }});
  }
  std::vector<TensorSpec> take() { return std::move(specs_); }

  void before_layers();
  void stream(size_t i);
  void attention(size_t i);
  void feed_forward(size_t i);
  void shared_expert(size_t i);
  void per_layer_embedding(size_t i);

 private:
  const Config& config_;
  std::vector<TensorSpec> specs_;
};

void SpecList::attention(size_t i) {
  using L = LayerParameters;
  const Config& c = config_;
  const LayerConfig& layer = c.layers[i];
  const bool whole = c.qk_norm == QkNorm::whole;
  add(i, "attn_norm", {c.dim}, TensorRole::norm, &L::attn_norm);
  add_input_norm(i, "attn_q", c.dim, &InputNorms::attn_q);
  add(i, "attn_q", {layer.q_dim(), c.dim}, TensorRole::attention, &L::attn_q);
  add_input_norm(i, "attn_k", c.dim, &InputNorms::attn_k);
  add(i, "attn_k", {layer.k_dim(), c.dim}, TensorRole::attention, &L::attn_k);
  add_input_norm(i, "attn_v", c.dim, &InputNorms::attn_v);
  add(i, "attn_v", {layer.v_dim(), c.dim}, TensorRole::attention, &L::attn_v);
  if (c.qk_norm != QkNorm::none) {
    add(i, "attn_q_norm", {whole ? layer.q_dim() : layer.key_dim}, TensorRole::norm, &L::attn_q_norm);
    add(i, "attn_k_norm", {whole ? layer.k_dim() : layer.key_dim}, TensorRole::norm, &L::attn_k_norm);
  }
  if (c.lab.query_gain) add_vector(i, "attn_q_gain", layer.n_heads, &L::query_gain, 1.5f);
  if (layer.value_embedding) add_vector(i, "attn_v_scale", 1, &L::value_scale);
  if (c.attn_sub_norm) add(i, "attn_sub_norm", {layer.mixed_dim()}, TensorRole::norm, &L::attn_sub_norm);
  add_input_norm(i, "attn_output", layer.mixed_dim(), &InputNorms::attn_output);
  add(i, "attn_output", {c.dim, layer.mixed_dim()}, TensorRole::attention, &L::attn_output);
  if (c.lab.residual_scales) add_vector(i, "attn_scale", c.dim, &L::attn_scale);
}

void SpecList::feed_forward(size_t i) {
  using L = LayerParameters;
  const Config& c = config_;
  const bool moe = c.moe();
  const int64_t width = c.layers[i].ffn_dim;
  const auto shape = [&](int64_t rows, int64_t cols) {
    return moe ? std::vector{c.n_experts, rows, cols} : std::vector{rows, cols};
  };
  add(i, "ffn_norm", {c.dim}, TensorRole::norm, &L::ffn_norm);
  if (moe) add(i, "ffn_gate_inp", {c.n_experts, c.dim}, TensorRole::router, &L::ffn_router);
  if (c.lab.router_bias) {
    add_vector(i, "ffn_gate_bias", c.n_experts, &L::ffn_router_bias, 0.0f);
    specs_.back().learned = false;
  }
  add_input_norm(i, "ffn_gate", c.dim, &InputNorms::ffn_gate);
  if (!c.lab.plain_ffn)
    add(i, moe ? "ffn_gate_exps" : "ffn_gate", shape(width, c.dim), TensorRole::feed_forward, &L::ffn_gate);
  add_input_norm(i, "ffn_up", c.dim, &InputNorms::ffn_up);
  add(i, moe ? "ffn_up_exps" : "ffn_up", shape(width, c.dim), TensorRole::feed_forward, &L::ffn_up);
  if (c.ffn_sub_norm) add(i, "ffn_sub_norm", {width}, TensorRole::norm, &L::ffn_sub_norm);
  add_input_norm(i, "ffn_down", width, &InputNorms::ffn_down);
  add(i, moe ? "ffn_down_exps" : "ffn_down", shape(c.dim, width), TensorRole::feed_forward, &L::ffn_down);
  if (c.layers[i].shared_ffn_dim > 0) shared_expert(i);
  if (c.lab.residual_scales) add_vector(i, "ffn_scale", c.dim, &L::ffn_scale);
}

void SpecList::shared_expert(size_t i) {
  using L = LayerParameters;
  const int64_t dim = config_.dim, width = config_.layers[i].shared_ffn_dim;
  if (!config_.lab.plain_ffn) add(i, "ffn_gate_shexp", {width, dim}, TensorRole::feed_forward, &L::ffn_gate_shexp);
  add(i, "ffn_up_shexp", {width, dim}, TensorRole::feed_forward, &L::ffn_up_shexp);
  add(i, "ffn_down_shexp", {dim, width}, TensorRole::feed_forward, &L::ffn_down_shexp);
}

// Its two projections in the block are of the block's kind (ScaleSync::per_block shares their alpha, too); the table
// and what the stream before the layers gives are embeddings.
void SpecList::per_layer_embedding(size_t i) {
  using L = LayerParameters;
  const int64_t dim = config_.dim, width = config_.layers[i].ple_dim;
  if (width == 0) return;
  add(i, "ple_embd", {config_.vocab_size, width}, TensorRole::embedding, &L::ple_embd);
  specs_.back().table = true;
  add(i, "ple_input", {width, dim}, TensorRole::embedding, &L::ple_input);
  add_vector(i, "ple_norm", width, &L::ple_norm);
  add(i, "ple_gate", {width, dim}, TensorRole::feed_forward, &L::ple_gate);
  add(i, "ple_output", {dim, width}, TensorRole::feed_forward, &L::ple_output);
  add_vector(i, "ple_output_norm", dim, &L::ple_output_norm);
}

void SpecList::before_layers() {
  using M = ModelParameters;
  const Config& c = config_;
  const LabConfig& lab = c.lab;
  if (lab.bigram_dim > 0) {
    add_table("bigram_embd.weight", lab.bigram_buckets, lab.bigram_dim, &M::bigram_embd);
    add("bigram_output.weight", {c.dim, lab.bigram_dim}, TensorRole::embedding, -1, &M::bigram_output);
    add_vector("bigram_scale.weight", 1, &M::bigram_scale, 0.05f);
  }
  if (lab.embedding_norm) add_vector("token_embd_norm.weight", c.dim, &M::token_embd_norm);
  if (lab.smear) add_vector("smear_gate.weight", c.dim, &M::smear_gate, 0.0f);
  if (lab.value_embedding_dim == 0) return;
  int64_t width = 0;
  for (const LayerConfig& layer : c.layers)
    if (layer.value_embedding) width = layer.v_dim();
  add_table("value_embd.weight", c.vocab_size, lab.value_embedding_dim, &M::value_embd);
  add("value_output.weight", {width, lab.value_embedding_dim}, TensorRole::embedding, -1, &M::value_output);
  add_vector("value_embd_scale.weight", 1, &M::value_embd_scale, 0.1f);
}

// What a layer reads.
void SpecList::stream(size_t i) {
  using L = LayerParameters;
  if (config_.skip_source(static_cast<int64_t>(i)) >= 0) add_vector(i, "skip_scale", config_.dim, &L::skip_scale);
  if (!config_.lab.x0_mixing) return;
  add_vector(i, "stream_scale", config_.dim, &L::stream_scale);
  add_vector(i, "x0_scale", config_.dim, &L::x0_scale, 0.0f);
}

}  // namespace

std::vector<TensorSpec> tensor_specs(const Config& c) {
  using M = ModelParameters;
  SpecList list(c);
  list.add_table("token_embd.weight", c.vocab_size, c.dim, &M::token_embd);
  list.before_layers();
  for (size_t i = 0; i < c.layers.size(); ++i) {
    list.stream(i);
    list.attention(i);
    list.feed_forward(i);
    list.per_layer_embedding(i);
  }
  constexpr bool kTiedWhenAbsent = true;
  list.add("output_norm.weight", {c.dim}, TensorRole::norm, c.n_layers(), &M::output_norm);
  list.add("output.weight", {c.vocab_size, c.dim}, TensorRole::head, c.n_layers(), &M::output, kTiedWhenAbsent);
  return list.take();
}

}  // namespace tritium
