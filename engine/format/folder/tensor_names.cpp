#include "format/folder/tensor_names.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <span>
#include <utility>

#include "base/format_text.h"

namespace tritium {
namespace {

using Pair = std::pair<std::string_view, std::string_view>;

constexpr std::array kOutside = {
    Pair{"embed_tokens", "token_embd"},
    Pair{"word_embeddings", "token_embd"},
    Pair{"norm", "output_norm"},
    Pair{"lm_head", "output"},
};

constexpr std::array kOfLayer = {
    Pair{"input_layernorm", "attn_norm"},
    Pair{"self_attn.q_proj", "attn_q"},
    Pair{"self_attn.k_proj", "attn_k"},
    Pair{"self_attn.v_proj", "attn_v"},
    Pair{"self_attn.o_proj", "attn_output"},
    Pair{"self_attn.q_norm", "attn_q_norm"},
    Pair{"self_attn.k_norm", "attn_k_norm"},
    Pair{"self_attn.query_layernorm", "attn_q_norm"},
    Pair{"self_attn.key_layernorm", "attn_k_norm"},
    Pair{"self_attn.attn_sub_norm", "attn_sub_norm"},
    Pair{"self_attn.inner_attn_ln", "attn_sub_norm"},
    Pair{"post_attention_layernorm", "ffn_norm"},
    Pair{"mlp.gate_proj", "ffn_gate"},
    Pair{"mlp.up_proj", "ffn_up"},
    Pair{"mlp.down_proj", "ffn_down"},
    Pair{"mlp.ffn_sub_norm", "ffn_sub_norm"},
    Pair{"mlp.ffn_layernorm", "ffn_sub_norm"},
    Pair{"mlp.gate", "ffn_gate_inp"},
    Pair{"block_sparse_moe.gate", "ffn_gate_inp"},
};

// Behind "mlp.experts.", "mlp.switch_mlp." or "block_sparse_moe.experts.", and an expert's number where they are apart.
constexpr std::array kOfExpert = {
    Pair{"gate_proj", "ffn_gate_exps"}, Pair{"up_proj", "ffn_up_exps"}, Pair{"down_proj", "ffn_down_exps"},
    Pair{"w1", "ffn_gate_exps"},        Pair{"w3", "ffn_up_exps"},      Pair{"w2", "ffn_down_exps"},
};
constexpr std::array<std::string_view, 3> kExperts = {"mlp.experts.", "mlp.switch_mlp.", "block_sparse_moe.experts."};

struct PartName {
  std::string_view end;
  TensorPart part;
};
constexpr std::array<PartName, kTensorParts> kParts = {{{".weight", TensorPart::weight},
                                                        {".weight_scale", TensorPart::weight_scale},
                                                        {".row_alpha", TensorPart::row_alpha},
                                                        {".scales", TensorPart::scales},
                                                        {".biases", TensorPart::biases}}};

// The beginning of a name that a prefix may have been taken from.
bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

// A number and the point after it.
std::optional<int64_t> take_number(std::string_view& text) {
  int64_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc() || number < 0 || end == text.data() + text.size() || *end != '.') return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()) + 1);
  return number;
}

std::optional<std::string_view> find(std::span<const Pair> table, std::string_view name) {
  const auto found = std::ranges::find(table, name, &Pair::first);
  return found == table.end() ? std::nullopt : std::optional(found->second);
}

// The norm within a projection: "self_attn.q_proj.norm" is that of "attn_q".
std::optional<std::string_view> name_of_input_norm(std::string_view module) {
  constexpr std::string_view kNorm = ".norm";
  if (!module.ends_with("_proj.norm")) return std::nullopt;
  module.remove_suffix(kNorm.size());
  return find(kOfLayer, module);
}

// `module` behind the prefix of experts.
std::vector<TensorPlace> expert_places(std::string_view module, TensorPlace place) {
  const std::optional<int64_t> number = take_number(module);
  place.expert = number.value_or(-1);
  place.all_experts = !number;
  if (const auto name = find(kOfExpert, module)) {
    place.gguf = join("blk.", place.layer, ".", *name, ".weight");
    return {place};
  }
  if (module != "gate_up_proj") return {};
  std::vector<TensorPlace> two(2, place);
  for (int half : {0, 1}) {
    two[static_cast<size_t>(half)].gguf =
        join("blk.", place.layer, ".", half == 0 ? "ffn_gate_exps" : "ffn_up_exps", ".weight");
    two[static_cast<size_t>(half)].half = half;
  }
  return two;
}

std::vector<TensorPlace> places_of_module(std::string_view module, TensorPlace place) {
  if (!take(module, "layers.")) {
    const auto name = find(kOutside, module);
    if (!name) return {};
    place.gguf = std::string(*name) + ".weight";
    return {place};
  }
  const std::optional<int64_t> layer = take_number(module);
  if (!layer) return {};
  place.layer = *layer;
  for (const std::string_view prefix : kExperts)
    if (std::string_view rest = module; take(rest, prefix)) return expert_places(rest, place);
  if (const auto name = find(kOfLayer, module)) {
    place.gguf = join("blk.", *layer, ".", *name, ".weight");
    return {place};
  }
  if (const auto name = name_of_input_norm(module)) {
    place.gguf = join("blk.", *layer, ".", *name, "_norm_in.weight");
    return {place};
  }
  // Both projections of a dense layer in one tensor.
  if (module != "mlp.gate_up_proj") return {};
  std::vector<TensorPlace> two(2, place);
  for (int half : {0, 1}) {
    two[static_cast<size_t>(half)].gguf = join("blk.", *layer, ".", half == 0 ? "ffn_gate" : "ffn_up", ".weight");
    two[static_cast<size_t>(half)].half = half;
  }
  return two;
}

}  // namespace

PlacesOfName places_of(const std::string& name) {
  std::string_view rest = name;
  if (rest.ends_with("rotary_emb.inv_freq") || rest.ends_with(".masked_bias") || rest.starts_with("lm_head_flash."))
    return {.known = true};
  TensorPlace place;
  for (const PartName& p : kParts)
    if (rest.ends_with(p.end)) {
      place.part = p.part;
      rest.remove_suffix(p.end.size());
      break;
    }
  place.module = std::string(rest);
  take(rest, "model.");
  std::vector<TensorPlace> places = places_of_module(rest, place);
  const bool known = !places.empty();
  return {.known = known, .places = std::move(places)};
}

}  // namespace tritium
