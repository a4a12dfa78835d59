#include "model/config.h"

#include <algorithm>
#include <cmath>

#include "base/format_text.h"
#include "model/architectures.h"
#include "model/key_reader.h"
#include "model/unsupported.h"

namespace tritium {
namespace {

constexpr int64_t kMaxDim = 1 << 20;
constexpr int64_t kMaxLayers = 4096;
constexpr int64_t kMaxHeads = 4096;
constexpr int64_t kMaxExperts = 1 << 14;
constexpr int64_t kMaxContext = int64_t{1} << 30;

void read_attention(KeyReader& keys, const Architecture& arch, Config& c) {
  c.n_heads = keys.integer("attention.head_count", 1, kMaxHeads);
  c.n_kv_heads = keys.integer_or("attention.head_count_kv", c.n_heads, 1, kMaxHeads);
  keys.require(c.n_heads % c.n_kv_heads == 0, "attention.head_count_kv",
               join("must divide the ", c.n_heads, " query heads, is ", c.n_kv_heads));
  if (!keys.has("attention.key_length"))
    keys.require(c.dim % c.n_heads == 0, "attention.key_length",
                 join("is missing and ", c.dim, " is not a multiple of ", c.n_heads, " heads"));
  c.key_dim = keys.integer_or("attention.key_length", std::max<int64_t>(1, c.dim / c.n_heads), 1, kMaxDim);
  c.value_dim = keys.integer_or("attention.value_length", c.key_dim, 1, kMaxDim);
  c.rms_eps = static_cast<float>(keys.real("attention.layer_norm_rms_epsilon", 0.0, 1.0));
  c.qk_norm = arch.qk_norm;
  c.attn_sub_norm = arch.sub_norms;
  c.ffn_sub_norm = arch.sub_norms;
}

void read_rope(KeyReader& keys, const Architecture& arch, Config& c) {
  c.rope_pairing = arch.rope_pairing;
  c.rope_dims = keys.integer_or("rope.dimension_count", c.key_dim, 0, c.key_dim);
  keys.require(c.rope_dims % 2 == 0, "rope.dimension_count", join("must be even, is ", c.rope_dims));
  c.rope_base = keys.real_or("rope.freq_base", 10000.0, 1e-6, 1e12);
  const std::string scaling = keys.text_or("rope.scaling.type", "none");
  keys.require(scaling == "none" || scaling == "linear", "rope.scaling.type",
               "is \"" + scaling + "\"; supported: none, linear");
  if (scaling == "linear") c.rope_scale = keys.real_or("rope.scaling.factor", 1.0, 1e-6, 1e6);
}

void read_experts(KeyReader& keys, const Architecture& arch, Config& c) {
  c.n_experts = keys.integer_or("expert_count", 0, 0, kMaxExperts);
  keys.require(c.n_experts == 0 || arch.experts != Experts::never, "expert_count",
               join("is ", c.n_experts, ", but ", arch.name, " has no experts"));
  keys.require(c.n_experts > 0 || arch.experts != Experts::always, "expert_count",
               join("is missing or 0, but ", arch.name, " is a mixture of experts"));
  c.ffn_dim =
      c.moe() ? keys.integer_or("feed_forward_length", 0, 0, kMaxDim) : keys.integer("feed_forward_length", 1, kMaxDim);
  if (!c.moe()) return;
  c.n_experts_used = keys.integer("expert_used_count", 1, c.n_experts);
  c.expert_ffn_dim = keys.integer_or("expert_feed_forward_length", c.ffn_dim, 1, kMaxDim);
  c.renormalize_experts = keys.boolean_or("expert_weights_norm", arch.renormalize_experts);
  c.expert_scale = static_cast<float>(keys.real_or("expert_weights_scale", 1.0, -1e6, 1e6));
  if (c.expert_scale == 0.0f) c.expert_scale = 1.0f;  // converters write 0 for "none"
}

void read_activation(KeyReader& keys, const Architecture& arch, Config& c) {
  c.activation = arch.activation;
  const std::string name = keys.text_or("hidden_activation", "");
  if (name.empty()) return;
  if (name == "silu" || name == "swish") {
    c.activation = GateActivation::silu;
  } else if (name == "relu2" || name == "relu_squared" || name == "squared_relu") {
    c.activation = GateActivation::relu2;
  } else if (name == "gelu" || name == "gelu_pytorch_tanh" || name == "gelu_tanh") {
    c.activation = GateActivation::gelu;
  } else {
    keys.require(false, "hidden_activation", "is \"" + name + "\"; supported: silu, relu2, gelu");
  }
}

void read_layers(KeyReader& keys, const Architecture& arch, int64_t n_layers, Config& c) {
  c.layers.assign(static_cast<size_t>(n_layers), LayerConfig{});
  if (!arch.sliding_window) return;
  const int64_t window = keys.integer("attention.sliding_window", 1, kMaxContext);
  const auto pattern = keys.booleans_or("attention.sliding_window_pattern", n_layers);
  const auto clamps = keys.reals_or("swiglu_clamp_exp", n_layers, 7.0);
  for (size_t i = 0; i < c.layers.size(); ++i) {
    constexpr size_t kGlobalEvery = 4;  // maple, when the file does not say
    const bool sliding = pattern.empty() ? (i + 1) % kGlobalEvery != 0 : pattern[i];
    c.layers[i] = {.window = sliding ? window : 0,
                   .rope = sliding || arch.rope_on_global_layers,
                   .swiglu_clamp = static_cast<float>(clamps[i])};
  }
}

}  // namespace

Result<Config> read_config(const TensorMap& source) {
  const Metadata& metadata = source.metadata();
  const std::string* architecture = metadata.text("general.architecture");
  if (!architecture)
    return error(StatusCode::corrupt_file, source.source(),
                 ": key general.architecture is missing; is this a language model?");
  const Architecture* arch = find_architecture(*architecture);
  if (!arch)
    return error(StatusCode::unsupported, source.source(), ": architecture \"", *architecture,
                 "\" is not supported; supported: ", supported_architectures());
  if (Status status = refuse_unsupported(metadata, *architecture); !status.ok()) return status.within(source.source());

  Config c;
  c.architecture = *architecture;
  if (const std::string* name = metadata.text("general.name")) c.name = *name;
  KeyReader keys(metadata, *architecture);
  c.dim = keys.integer("embedding_length", 1, kMaxDim);
  c.context_length = keys.integer("context_length", 1, kMaxContext);
  const int64_t n_layers = keys.integer("block_count", 1, kMaxLayers);
  if (!keys.status().ok()) return keys.status().within(source.source());

  const TensorInfo* embedding = source.find("token_embd.weight");
  if (!embedding || embedding->shape.size() != 2)
    return error(StatusCode::corrupt_file, source.source(), ": tensor token_embd.weight [vocabulary, ", c.dim,
                 "] is missing");
  c.vocab_size = keys.integer_or("vocab_size", embedding->shape[0], 1, 1 << 26);
  keys.require(c.vocab_size == embedding->shape[0], "vocab_size",
               join("is ", c.vocab_size, ", but token_embd.weight has ", embedding->shape[0], " rows"));

  read_attention(keys, *arch, c);
  if (!keys.status().ok()) return keys.status().within(source.source());
  read_rope(keys, *arch, c);
  read_experts(keys, *arch, c);
  read_activation(keys, *arch, c);
  read_layers(keys, *arch, n_layers, c);
  if (!keys.status().ok()) return keys.status().within(source.source());
  return c;
}

}  // namespace tritium
