#include "base/format_text.h"
#include "model/weights.h"

namespace tritium {
namespace {

class SlotList {
 public:
  void norm(std::string name, int64_t dim, std::function<Tensor&(Weights&)> where) {
    slots_.push_back({std::move(name), {dim}, WeightKind::norm, false, std::move(where), {}});
  }
  void matrix(std::string name, std::vector<int64_t> shape, std::function<Weight&(Weights&)> where,
              WeightKind kind = WeightKind::matrix, bool optional = false) {
    slots_.push_back({std::move(name), std::move(shape), kind, optional, {}, std::move(where)});
  }
  std::vector<WeightSlot> take() { return std::move(slots_); }

 private:
  std::vector<WeightSlot> slots_;
};

// Accessors for a member of layer i.
std::function<Tensor&(Weights&)> at(size_t i, Tensor LayerWeights::*member) {
  return [i, member](Weights& w) -> Tensor& { return w.layers[i].*member; };
}
std::function<Weight&(Weights&)> at(size_t i, Weight LayerWeights::*member) {
  return [i, member](Weights& w) -> Weight& { return w.layers[i].*member; };
}

void attention_slots(const Config& c, size_t i, const std::string& blk, SlotList& list) {
  list.norm(blk + "attn_norm.weight", c.dim, at(i, &LayerWeights::attn_norm));
  list.matrix(blk + "attn_q.weight", {c.q_dim(), c.dim}, at(i, &LayerWeights::attn_q));
  list.matrix(blk + "attn_k.weight", {c.k_dim(), c.dim}, at(i, &LayerWeights::attn_k));
  list.matrix(blk + "attn_v.weight", {c.v_dim(), c.dim}, at(i, &LayerWeights::attn_v));
  const bool whole = c.qk_norm == QkNorm::whole;
  if (c.qk_norm != QkNorm::none) {
    list.norm(blk + "attn_q_norm.weight", whole ? c.q_dim() : c.key_dim, at(i, &LayerWeights::attn_q_norm));
    list.norm(blk + "attn_k_norm.weight", whole ? c.k_dim() : c.key_dim, at(i, &LayerWeights::attn_k_norm));
  }
  const int64_t mixed_dim = c.n_heads * c.value_dim;
  if (c.attn_sub_norm) list.norm(blk + "attn_sub_norm.weight", mixed_dim, at(i, &LayerWeights::attn_sub_norm));
  list.matrix(blk + "attn_output.weight", {c.dim, mixed_dim}, at(i, &LayerWeights::attn_output));
}

void ffn_slots(const Config& c, size_t i, const std::string& blk, SlotList& list) {
  list.norm(blk + "ffn_norm.weight", c.dim, at(i, &LayerWeights::ffn_norm));
  const int64_t width = c.moe() ? c.expert_ffn_dim : c.ffn_dim;
  const std::string suffix = c.moe() ? "_exps.weight" : ".weight";
  const auto shape = [&](int64_t rows, int64_t cols) {
    return c.moe() ? std::vector{c.n_experts, rows, cols} : std::vector{rows, cols};
  };
  if (c.moe())
    list.matrix(blk + "ffn_gate_inp.weight", {c.n_experts, c.dim}, at(i, &LayerWeights::ffn_router),
                WeightKind::router);
  list.matrix(blk + "ffn_gate" + suffix, shape(width, c.dim), at(i, &LayerWeights::ffn_gate));
  list.matrix(blk + "ffn_up" + suffix, shape(width, c.dim), at(i, &LayerWeights::ffn_up));
  if (c.ffn_sub_norm) list.norm(blk + "ffn_sub_norm.weight", width, at(i, &LayerWeights::ffn_sub_norm));
  list.matrix(blk + "ffn_down" + suffix, shape(c.dim, width), at(i, &LayerWeights::ffn_down));
}

}  // namespace

std::vector<WeightSlot> weight_slots(const Config& c) {
  SlotList list;
  list.matrix("token_embd.weight", {c.vocab_size, c.dim}, [](Weights& w) -> Weight& { return w.token_embd; });
  for (size_t i = 0; i < c.layers.size(); ++i) {
    const std::string blk = join("blk.", i, ".");
    attention_slots(c, i, blk, list);
    ffn_slots(c, i, blk, list);
  }
  list.norm("output_norm.weight", c.dim, [](Weights& w) -> Tensor& { return w.output_norm; });
  constexpr bool kTiedWhenAbsent = true;
  list.matrix(
      "output.weight", {c.vocab_size, c.dim}, [](Weights& w) -> Weight& { return w.output; }, WeightKind::matrix,
      kTiedWhenAbsent);
  return list.take();
}

}  // namespace tritium
