#include "model/config.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/format_text.h"
#include "model/architectures.h"
#include "model/key_reader.h"
#include "model/lab_keys.h"
#include "model/metadata_keys.h"
#include "tensor/split_file.h"

namespace tritium {
namespace {

constexpr int64_t kMaxDim = 1 << 20;
constexpr int64_t kMaxLayers = 4096;
constexpr int64_t kMaxHeads = 4096;
constexpr int64_t kMaxExperts = 1 << 14;
constexpr int64_t kMaxContext = int64_t{1} << 30;

// A number of each layer.
void set(Config& c, int64_t LayerConfig::*member, const std::vector<int64_t>& values) {
  for (size_t i = 0; i < c.layers.size(); ++i) c.layers[i].*member = values[i];
}

std::vector<int64_t> get(const Config& c, int64_t LayerConfig::*member) {
  std::vector<int64_t> values;
  for (const LayerConfig& layer : c.layers) values.push_back(layer.*member);
  return values;
}

void read_heads(KeyReader& keys, Config& c) {
  using L = LayerConfig;
  set(c, &L::n_heads, keys.integers("attention.head_count", c.n_layers(), 1, kMaxHeads));
  set(c, &L::n_kv_heads, keys.integers_or("attention.head_count_kv", get(c, &L::n_heads), 1, kMaxHeads));
  const bool has_key_length = keys.has("attention.key_length");
  std::vector<int64_t> shares;  // dim / n_heads
  for (const LayerConfig& layer : c.layers) {
    keys.require(layer.n_heads % layer.n_kv_heads == 0, "attention.head_count_kv",
                 join("must divide the ", layer.n_heads, " query heads, is ", layer.n_kv_heads));
    keys.require(has_key_length || c.dim % layer.n_heads == 0, "attention.key_length",
                 join("is missing and ", c.dim, " is not a multiple of ", layer.n_heads, " heads"));
    shares.push_back(std::max<int64_t>(1, c.dim / layer.n_heads));
  }
  set(c, &L::key_dim, keys.integers_or("attention.key_length", shares, 1, kMaxDim));
  set(c, &L::value_dim, keys.integers_or("attention.value_length", get(c, &L::key_dim), 1, kMaxDim));
}

void read_attention(KeyReader& keys, const Architecture& arch, Config& c) {
  read_heads(keys, c);
  c.rms_eps = static_cast<float>(keys.real("attention.layer_norm_rms_epsilon", 0.0, 1.0));
  c.qk_norm = arch.qk_norm;
  c.qk_norm_after_rope = arch.qk_norm_after_rope;
  c.attn_sub_norm = arch.sub_norms;
  c.ffn_sub_norm = arch.sub_norms;
}

// The magnitude of YaRN is 0.1 ln(factor) + 1, times what the file gives. ext_factor -1, or none: the mixing is on.
void read_yarn(KeyReader& keys, double factor, Yarn& yarn) {
  yarn.factor = factor;
  yarn.original_context = static_cast<double>(keys.integer_or(
      "rope.scaling.original_context_length", keys.integer_or("context_length", 1, 1, kMaxContext), 1, kMaxContext));
  yarn.beta_fast = keys.real_or("rope.scaling.yarn_beta_fast", 32.0, 1e-3, 1e6);
  yarn.beta_slow = keys.real_or("rope.scaling.yarn_beta_slow", 1.0, 1e-3, 1e6);
  yarn.magnitude = keys.real_or("rope.scaling.attn_factor", 1.0, 1e-3, 1e3) *
                   keys.real_or("rope.scaling.yarn_attn_factor", 1.0, 1e-3, 1e3) *
                   (factor > 1.0 ? 0.1 * std::log(factor) + 1.0 : 1.0);
}

// Values that only YaRN has a meaning for; the others are without it.
void refuse_yarn_keys(KeyReader& keys, bool yarn) {
  const double mixing = keys.real_or("rope.scaling.yarn_ext_factor", yarn ? 1.0 : 0.0, -1e6, 1e6);
  keys.require(mixing == -1.0 || mixing == (yarn ? 1.0 : 0.0), "rope.scaling.yarn_ext_factor",
               join("is ", mixing, ", which is not implemented", yarn ? " for yarn" : ""));
  for (const char* key : {"rope.scaling.attn_factor", "rope.scaling.yarn_attn_factor"}) {
    const double factor = keys.real_or(key, 1.0, -1e6, 1e6);
    keys.require(yarn || factor == 1.0, key, join("is ", factor, ", which is implemented for yarn alone"));
  }
}

// As other programs read it: linear, unless a type is named; a factor of 0 is none; scale_linear is its older name.
// "longrope" and others are refused. Of yarn 1, for its factor does not divide positions.
double rope_scale(KeyReader& keys, Yarn& yarn) {
  const std::string type = keys.text_or("rope.scaling.type", "linear");
  keys.require(type == "none" || type == "linear" || type == "yarn", "rope.scaling.type",
               "is \"" + type + "\"; supported: none, linear, yarn");
  refuse_yarn_keys(keys, type == "yarn");
  const double older = keys.real_or("rope.scale_linear", 0.0, 0.0, 1e6);
  const double factor = keys.real_or("rope.scaling.factor", older, 0.0, 1e6);
  keys.require(older == 0.0 || older == factor, "rope.scale_linear",
               join("is ", older, ", but rope.scaling.factor is ", factor));
  if (type == "none" || factor == 0.0) return 1.0;
  if (type != "yarn") return factor;
  read_yarn(keys, factor, yarn);
  return 1.0;
}

// After the windows: a layer without a rotation does not limit how much of a head is rotated.
void read_rope(KeyReader& keys, const Architecture& arch, Config& c) {
  c.rope_pairing = arch.rope_pairing;
  c.rope_base = keys.real_or("rope.freq_base", 10000.0, 1e-6, 1e12);
  c.rope_scale = rope_scale(keys, c.yarn);
  std::vector<int64_t> rotated;
  for (const LayerConfig& layer : c.layers)
    if (layer.rope) rotated.push_back(layer.key_dim);
  if (rotated.empty()) return;
  const auto [least, most] = std::ranges::minmax(rotated);
  keys.require(least == most || keys.has("rope.dimension_count"), "rope.dimension_count",
               join("is missing, and heads have ", least, " to ", most, " values"));
  c.rope_dims = keys.integer_or("rope.dimension_count", least, 0, least);
  keys.require(c.rope_dims % 2 == 0, "rope.dimension_count", join("must be even, is ", c.rope_dims));
}

void read_experts(KeyReader& keys, const Architecture& arch, Config& c) {
  c.n_experts = keys.integer_or("expert_count", 0, 0, kMaxExperts);
  keys.require(c.n_experts == 0 || arch.experts != Experts::never, "expert_count",
               join("is ", c.n_experts, ", but ", arch.name, " has no experts"));
  keys.require(c.n_experts > 0 || arch.experts != Experts::always, "expert_count",
               join("is missing or 0, but ", arch.name, " is a mixture of experts"));
  if (!c.moe()) {
    set(c, &LayerConfig::ffn_dim, keys.integers("feed_forward_length", c.n_layers(), 1, kMaxDim));
    return;
  }
  const std::vector<int64_t> none(c.layers.size(), 0);
  const std::vector<int64_t> dense = keys.integers_or("feed_forward_length", none, 0, kMaxDim);
  c.n_experts_used = keys.integer("expert_used_count", 1, c.n_experts);
  set(c, &LayerConfig::ffn_dim, keys.integers_or("expert_feed_forward_length", dense, 1, kMaxDim));
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
  } else if (name == "leaky_relu2") {
    c.activation = GateActivation::leaky_relu2;
  } else if (name == "gelu" || name == "gelu_pytorch_tanh" || name == "gelu_tanh") {
    c.activation = GateActivation::gelu;
  } else {
    keys.require(false, "hidden_activation", "is \"" + name + "\"; supported: silu, relu2, leaky_relu2, gelu");
  }
}

// What only an architecture with windows has. A window that no token is outside of is none.
Status refuse_windows(KeyReader& keys, const Config& c) {
  const int64_t window = keys.integer_or("attention.sliding_window", 0, 0, kMaxContext);
  if (window > 0 && window < c.context_length)
    return error(StatusCode::unsupported, "key ", c.architecture, ".attention.sliding_window is ", window,
                 ", below the context of ", c.context_length, ": ", c.architecture, " has no windows here");
  for (const double clamp : keys.reals_or("swiglu_clamp_exp", c.n_layers(), 0.0))
    if (clamp > 0)
      return error(StatusCode::unsupported, "key ", c.architecture, ".swiglu_clamp_exp has ", clamp, ": ",
                   c.architecture, " has no clamps here");
  return Status();
}

void read_windows(KeyReader& keys, const Architecture& arch, Config& c) {
  if (!arch.sliding_window) return;
  const int64_t window = keys.integer("attention.sliding_window", 1, kMaxContext);
  const auto pattern = keys.booleans_or("attention.sliding_window_pattern", c.n_layers());
  const auto clamps = keys.reals_or("swiglu_clamp_exp", c.n_layers(), 7.0);
  const bool rope_on_global_layers = keys.boolean_or("rope.global_layers", arch.rope_on_global_layers);
  for (size_t i = 0; i < c.layers.size(); ++i) {
    constexpr size_t kGlobalEvery = 4;  // maple, when the file does not say
    const bool sliding = pattern.empty() ? (i + 1) % kGlobalEvery != 0 : pattern[i];
    c.layers[i].window = sliding ? window + arch.window_beyond : 0;
    c.layers[i].rope = sliding || rope_on_global_layers;
    c.layers[i].swiglu_clamp = static_cast<float>(clamps[i]);
  }
}

// How the rows of queries and keys are ordered. The value that converters of llama's original files write says what is
// assumed here.
void read_layout(KeyReader& keys, const Config& c) {
  const std::string layout = keys.text_or("tensor_data_layout", "");
  const bool known = layout.empty() || (c.architecture == "llama" && layout == "Meta AI original pth");
  keys.require(known, "tensor_data_layout", "is \"" + layout + "\", which is not known here");
}

// The last layers may have no keys and values of their own: each reads those of the last layer before them that has,
// and slides as it does (Gemma's). All layers may get an embedding of the token of their own.
void read_sharing(KeyReader& keys, Config& c) {
  const std::string shared_key = "attention.shared_kv_layers";
  const auto own = c.n_layers() - keys.integer_or(shared_key, 0, 0, c.n_layers() - 1);
  for (int64_t i = own; i < c.n_layers(); ++i) {
    LayerConfig& layer = c.layers[static_cast<size_t>(i)];
    const auto slides_alike = [&](const LayerConfig& other) { return (other.window > 0) == (layer.window > 0); };
    layer.kv_shared_with = own - 1;
    while (layer.kv_shared_with >= 0 && !slides_alike(c.layers[static_cast<size_t>(layer.kv_shared_with)]))
      --layer.kv_shared_with;
    keys.require(layer.kv_shared_with >= 0, shared_key, join("leaves no layer whose keys layer ", i, " could read"));
  }
  const std::vector<int64_t> none(c.layers.size(), 0);
  set(c, &LayerConfig::ple_dim, keys.integers_or("embedding_length_per_layer_input", none, 0, kMaxDim));
}

Status refuse_uncomputed(KeyReader& keys, const Architecture& arch, const Config& c) {
  if (!arch.sliding_window)
    if (Status status = refuse_windows(keys, c); !status.ok()) return status;
  for (size_t i = 0; i < c.layers.size(); ++i) {
    const LayerConfig& layer = c.layers[i];
    if (layer.kv_shared_with >= 0)
      return error(StatusCode::unsupported, "key ", c.architecture, ".attention.shared_kv_layers: layer ", i,
                   " reads the keys and values of layer ", layer.kv_shared_with, ", which is not implemented");
    if (layer.ple_dim > 0 && !arch.lab)
      return error(StatusCode::unsupported, "key ", c.architecture, ".embedding_length_per_layer_input: layer ", i,
                   " has a per-layer embedding of ", layer.ple_dim, " values, which is not implemented");
  }
  return Status();
}

}  // namespace

Result<Config> read_config(const TensorMap& source) {
  if (Status status = refuse_part(source); !status.ok()) return status;
  const Metadata& metadata = source.metadata();
  const std::string* architecture = metadata.text("general.architecture");
  if (!architecture)
    return error(StatusCode::corrupt_file, source.source(),
                 ": key general.architecture is missing; is this a language model?");
  const Architecture* arch = find_architecture(*architecture);
  if (!arch)
    return error(StatusCode::unsupported, source.source(), ": architecture \"", *architecture, "\" is not supported",
                 about_unsupported(*architecture), "; supported: ", supported_architectures());
  if (Status status = refuse_unsupported(source, *architecture); !status.ok()) return status.within(source.source());
  if (Status status = check_lab_keys(source.metadata(), *architecture, arch->lab); !status.ok())
    return status.within(source.source());

  Config c;
  c.architecture = *architecture;
  if (const std::string* name = metadata.text("general.name")) c.name = *name;
  KeyReader keys(metadata, *architecture);
  c.dim = keys.integer("embedding_length", 1, kMaxDim);
  c.context_length = keys.integer("context_length", 1, kMaxContext);
  c.layers.resize(static_cast<size_t>(keys.integer("block_count", 1, kMaxLayers)));
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
  read_windows(keys, *arch, c);
  read_rope(keys, *arch, c);
  read_experts(keys, *arch, c);
  // No key says so; the tensors do.
  c.input_norms = !c.moe() && source.find("blk.0.attn_q_norm_in.weight");
  read_activation(keys, *arch, c);
  read_layout(keys, c);
  read_sharing(keys, c);
  c.order.resize(c.layers.size());
  std::iota(c.order.begin(), c.order.end(), int64_t{0});
  if (arch->lab) read_lab(keys, c);
  const Status uncomputed = refuse_uncomputed(keys, *arch, c);
  if (!keys.status().ok()) return keys.status().within(source.source());
  if (!uncomputed.ok()) return uncomputed.within(source.source());
  return c;
}

}  // namespace tritium
