#include "tests/model_files/folder_of_model.h"

#include <algorithm>
#include <map>

#include "base/format_text.h"

namespace tritium {
namespace {

const std::map<std::string, std::string> kNames = {{"attn_norm", "input_layernorm"},
                                                   {"attn_q", "self_attn.q_proj"},
                                                   {"attn_k", "self_attn.k_proj"},
                                                   {"attn_v", "self_attn.v_proj"},
                                                   {"attn_output", "self_attn.o_proj"},
                                                   {"attn_q_norm", "self_attn.q_norm"},
                                                   {"attn_k_norm", "self_attn.k_norm"},
                                                   {"attn_sub_norm", "self_attn.attn_sub_norm"},
                                                   {"ffn_norm", "post_attention_layernorm"},
                                                   {"ffn_gate_inp", "mlp.gate"},
                                                   {"ffn_gate", "mlp.gate_proj"},
                                                   {"ffn_up", "mlp.up_proj"},
                                                   {"ffn_down", "mlp.down_proj"},
                                                   {"ffn_sub_norm", "mlp.ffn_sub_norm"},
                                                   {"ffn_gate_exps", "gate_proj"},
                                                   {"ffn_up_exps", "up_proj"},
                                                   {"ffn_down_exps", "down_proj"}};
const std::map<std::string, std::string> kHunyuan = {{"attn_q_norm", "self_attn.query_layernorm"},
                                                     {"attn_k_norm", "self_attn.key_layernorm"}};
const std::map<std::string, std::string> kMixtral = {
    {"ffn_gate_inp", "block_sparse_moe.gate"}, {"ffn_gate_exps", "w1"}, {"ffn_up_exps", "w3"}, {"ffn_down_exps", "w2"}};

std::string name_of(const std::string& base, const FolderStyle& style) {
  constexpr std::string_view kNormIn = "_norm_in";
  if (base.ends_with(kNormIn)) return kNames.at(base.substr(0, base.size() - kNormIn.size())) + ".norm";
  const auto& special = style.model_class.starts_with("Hun") ? kHunyuan : kMixtral;
  const bool apart = style.model_class.starts_with("Hun") || style.model_class.starts_with("Mixtral");
  return apart && special.contains(base) ? special.at(base) : kNames.at(base);
}

// Of a class without a head names stand alone.
std::string prefix_of(const FolderStyle& style) { return style.model_class.ends_with("Model") ? "" : "model."; }

// Rows of heads, whose pairs are neighbours, with first halves before second halves: as the folder has them.
std::vector<float> halves(const std::vector<float>& values, size_t head_rows, size_t cols) {
  std::vector<float> out(values.size());
  for (size_t r = 0; r < values.size() / cols; ++r) {
    const size_t within = r % head_rows;
    const size_t to = r - within + within % 2 * (head_rows / 2) + within / 2;
    std::copy_n(&values[r * cols], cols, &out[to * cols]);
  }
  return out;
}

void add_experts(FolderWriter& folder, const std::string& layer, const std::string& name, const TensorInfo& info,
                 const std::vector<float>& values, const FolderStyle& style) {
  const bool mixtral = style.model_class.starts_with("Mixtral");
  if (style.experts == ExpertStyle::stacked) {
    folder.add(layer + "mlp.switch_mlp." + name + ".weight", info.shape, values, style.type);
    return;
  }
  const size_t n = values.size() / static_cast<size_t>(info.shape[0]);
  for (int64_t e = 0; e < info.shape[0]; ++e) {
    const auto first = values.begin() + static_cast<std::ptrdiff_t>(static_cast<size_t>(e) * n);
    folder.add(join(layer, mixtral ? "block_sparse_moe" : "mlp", ".experts.", e, ".", name, ".weight"),
               {info.shape[1], info.shape[2]}, std::vector<float>(first, first + static_cast<std::ptrdiff_t>(n)),
               style.type);
  }
}

// Gate and up of all experts in one tensor, the gate's rows first.
void add_fused(FolderWriter& folder, const TensorMap& map, int64_t layer, const FolderStyle& style) {
  const std::string blk = join("blk.", layer, ".");
  const TensorInfo& info = *map.find(blk + "ffn_gate_exps.weight");
  const auto gate = *map.load_f32(blk + "ffn_gate_exps.weight"), up = *map.load_f32(blk + "ffn_up_exps.weight");
  const auto n = static_cast<std::ptrdiff_t>(info.shape[1] * info.shape[2]);
  std::vector<float> both;
  for (std::ptrdiff_t e = 0; e < info.shape[0]; ++e)
    for (const std::vector<float>* half : {&gate, &up})
      both.insert(both.end(), half->begin() + e * n, half->begin() + (e + 1) * n);
  const std::string prefix = join("model.layers.", layer, ".mlp.experts.");
  folder.add(prefix + "gate_up_proj", {info.shape[0], 2 * info.shape[1], info.shape[2]}, both, style.type);
  const TensorInfo& down = *map.find(blk + "ffn_down_exps.weight");
  folder.add(prefix + "down_proj", down.shape, *map.load_f32(down.name), style.type);
}

void add_of_layer(const TensorMap& map, const TensorInfo& info, const RandomModelOptions& o, const FolderStyle& style,
                  FolderWriter& folder) {
  const size_t from = info.name.find('.', 4) + 1;
  const std::string base = info.name.substr(from, info.name.rfind('.') - from);
  const std::string layer = prefix_of(style) + "layers." + info.name.substr(4, from - 5) + ".";
  const std::string name = name_of(base, style);
  if (info.shape.size() == 3) {
    if (style.experts != ExpertStyle::fused) add_experts(folder, layer, name, info, *map.load_f32(info.name), style);
    return;
  }
  std::vector<float> values = *map.load_f32(info.name);
  const bool llama = o.architecture == "llama";
  if (llama && (base == "attn_q" || base == "attn_k"))
    values = halves(values, static_cast<size_t>(o.head_dim), static_cast<size_t>(info.shape[1]));
  if (style.packed && info.ternary) {
    const float size = map.load_ternary(info.name)->scales()[0];
    folder.add_packed(layer + name, values, info.shape[0], size, 1.0f / size);
  } else {
    folder.add(layer + name + ".weight", info.shape, values, info.shape.size() == 1 ? "F32" : style.type);
  }
}

}  // namespace

void add_tensors(const TensorMap& map, const RandomModelOptions& o, const FolderStyle& style, FolderWriter& folder) {
  for (const TensorInfo& info : map.tensors()) {
    if (info.name.starts_with("blk.")) {
      add_of_layer(map, info, o, style, folder);
      continue;
    }
    const std::string name = info.name == "token_embd.weight"
                                 ? o.architecture == "maple" ? "word_embeddings" : "embed_tokens"
                             : info.name == "output.weight" ? "lm_head"
                                                            : "norm";
    folder.add((name == "lm_head" ? "" : prefix_of(style)) + name + ".weight", info.shape, *map.load_f32(info.name),
               "F32");
  }
  if (style.experts == ExpertStyle::fused)
    for (int64_t i = 0; i < o.n_layers; ++i) add_fused(folder, map, i, style);
}

std::string config_of(const RandomModelOptions& o, const FolderStyle& style) {
  const char* width =
      o.architecture == "qwen3moe" || o.architecture == "maple" ? "moe_intermediate_size" : "intermediate_size";
  std::string config = join("{\"architectures\":[\"", style.model_class, "\"],\"hidden_size\":", o.dim,
                            ",\"num_hidden_layers\":", o.n_layers, ",\"num_attention_heads\":", o.n_heads,
                            ",\"num_key_value_heads\":", o.n_kv_heads, ",\"head_dim\":", o.head_dim,
                            ",\"vocab_size\":", o.vocab_size, ",\"max_position_embeddings\":", o.context_length,
                            ",\"rms_norm_eps\":1e-6,\"rope_theta\":10000.0,\"hidden_act\":\"silu\",\"", width,
                            "\":", o.ffn_dim, ",\"tie_word_embeddings\":", o.tied_head ? "true" : "false");
  if (o.n_experts > 0)
    config += join(",\"", style.model_class.starts_with("Mixtral") ? "num_local_experts" : "num_experts",
                   "\":", o.n_experts, ",\"num_experts_per_tok\":", o.n_experts_used);
  if (o.rope_dims != o.head_dim)
    config += join(",\"partial_rotary_factor\":", double(o.rope_dims) / double(o.head_dim));
  if (o.architecture == "maple") config += join(",\"sliding_window\":", o.window);
  return config + style.more_config + "}";
}

}  // namespace tritium
