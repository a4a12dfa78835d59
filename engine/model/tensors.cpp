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
                      .to_stream = member == &LayerParameters::attn_output || member == &LayerParameters::ffn_down,
                      .where = [i, member](ModelParameters& m) -> const Parameter*& { return m.layers[i].*member; }});
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

  void attention(size_t i);
  void feed_forward(size_t i);

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
  if (c.attn_sub_norm) add(i, "attn_sub_norm", {layer.mixed_dim()}, TensorRole::norm, &L::attn_sub_norm);
  add_input_norm(i, "attn_output", layer.mixed_dim(), &InputNorms::attn_output);
  add(i, "attn_output", {c.dim, layer.mixed_dim()}, TensorRole::attention, &L::attn_output);
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
  add_input_norm(i, "ffn_gate", c.dim, &InputNorms::ffn_gate);
  add(i, moe ? "ffn_gate_exps" : "ffn_gate", shape(width, c.dim), TensorRole::feed_forward, &L::ffn_gate);
  add_input_norm(i, "ffn_up", c.dim, &InputNorms::ffn_up);
  add(i, moe ? "ffn_up_exps" : "ffn_up", shape(width, c.dim), TensorRole::feed_forward, &L::ffn_up);
  if (c.ffn_sub_norm) add(i, "ffn_sub_norm", {width}, TensorRole::norm, &L::ffn_sub_norm);
  add_input_norm(i, "ffn_down", width, &InputNorms::ffn_down);
  add(i, moe ? "ffn_down_exps" : "ffn_down", shape(c.dim, width), TensorRole::feed_forward, &L::ffn_down);
}

}  // namespace

std::vector<TensorSpec> tensor_specs(const Config& c) {
  using M = ModelParameters;
  SpecList list(c);
  list.add("token_embd.weight", {c.vocab_size, c.dim}, TensorRole::embedding, -1, &M::token_embd);
  for (size_t i = 0; i < c.layers.size(); ++i) {
    list.attention(i);
    list.feed_forward(i);
  }
  constexpr bool kTiedWhenAbsent = true;
  list.add("output_norm.weight", {c.dim}, TensorRole::norm, c.n_layers(), &M::output_norm);
  list.add("output.weight", {c.vocab_size, c.dim}, TensorRole::head, c.n_layers(), &M::output, kTiedWhenAbsent);
  return list.take();
}

}  // namespace tritium
