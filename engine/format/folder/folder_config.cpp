#include "format/folder/folder_config.h"

#include <algorithm>
#include <array>
#include <utility>

#include "format/folder/config_reader.h"
#include "format/folder/folder_quantization.h"
#include "format/folder/folder_rope.h"

namespace tritium {
namespace {

constexpr int64_t kMaxDim = 1 << 20;
constexpr int64_t kMaxLayers = 4096;
constexpr int64_t kMaxHeads = 4096;
constexpr int64_t kMaxExperts = 1 << 14;
constexpr int64_t kMaxContext = int64_t{1} << 30;

// What is particular to a class of transformers, as Hugging Face's configuration of it has it.
struct ModelClass {
  std::string_view name;        // in `architectures`
  std::string_view model_type;  // where there is no such list
  std::string_view architecture;
  bool interleaved_rope = false;
  bool tied = false;                   // unless the file says otherwise
  std::string_view experts = {};       // the name of their number; "": a dense model
  std::string_view expert_width = {};  // of their inner size; the name `intermediate_size` where there is no other
  bool renormalize = false;            // unless norm_topk_prob says otherwise
  bool windows = false;                // some layers see a window
  bool masters = false;                // float matrices are always rounded by their mean magnitude
  double rope_base = 10000.0;          // unless the file says otherwise
};

constexpr std::array kClasses = {
    ModelClass{.name = "BitNetForCausalLM",
               .model_type = "bitnet",
               .architecture = "bitnet-b1.58",
               .tied = true,
               .rope_base = 500000.0},
    ModelClass{.name = "BitnetForCausalLM", .model_type = {}, .architecture = "bitnet", .tied = true, .masters = true},
    ModelClass{.name = "LlamaForCausalLM", .model_type = "llama", .architecture = "llama", .interleaved_rope = true},
    ModelClass{
        .name = "MistralForCausalLM", .model_type = "mistral", .architecture = "llama", .interleaved_rope = true},
    ModelClass{.name = "MixtralForCausalLM",
               .model_type = "mixtral",
               .architecture = "llama",
               .interleaved_rope = true,
               .experts = "num_local_experts",
               .renormalize = true,
               .rope_base = 1e6},
    ModelClass{.name = "Qwen3ForCausalLM", .model_type = "qwen3", .architecture = "qwen3"},
    ModelClass{.name = "Qwen3MoeForCausalLM",
               .model_type = "qwen3_moe",
               .architecture = "qwen3moe",
               .experts = "num_experts",
               .expert_width = "moe_intermediate_size"},
    ModelClass{.name = "OlmoeForCausalLM", .model_type = "olmoe", .architecture = "olmoe", .experts = "num_experts"},
    ModelClass{.name = "MapleForCausalLM",
               .model_type = "maple",
               .architecture = "maple",
               .experts = "num_experts",
               .expert_width = "moe_intermediate_size",
               .renormalize = true,
               .windows = true},
    ModelClass{.name = "HunYuanDenseV1ForCausalLM", .model_type = "hunyuan_v1_dense", .architecture = "hunyuan-dense"},
};

// "Qwen3ForCausalLM" without a head is a "Qwen3Model".
bool is_body(std::string_view name, const ModelClass& c) {
  constexpr std::string_view kWithHead = "ForCausalLM", kBody = "Model";
  return name.ends_with(kBody) &&
         name.substr(0, name.size() - kBody.size()) == c.name.substr(0, c.name.size() - kWithHead.size());
}

// The class that `architectures` names, else the one of `model_type`. `body`: it has no head.
const ModelClass* class_of(ConfigReader& config, bool& body) {
  const std::vector<std::string> names = config.texts("architectures");
  for (const ModelClass& c : kClasses) {
    body = std::ranges::any_of(names, [&](const std::string& name) { return is_body(name, c); });
    if (body || std::ranges::find(names, c.name) != names.end()) return &c;
  }
  const std::string type = config.text_or("model_type", "");
  const auto* found = std::ranges::find(kClasses, std::string_view(type), &ModelClass::model_type);
  if (names.empty() && !type.empty() && found != kClasses.end()) return found;
  std::string supported;
  for (const ModelClass& c : kClasses) supported += join(supported.empty() ? "" : ", ", c.name);
  const bool named = !names.empty() || !type.empty();
  config.require(named, "architectures", "is missing: which model this is cannot be told");
  const std::string& shown = names.empty() ? type : names.front();
  const bool delta_net = shown.starts_with("Qwen3_5") || shown.starts_with("Qwen3Next");
  config.refuse(true, names.empty() ? "model_type" : "architectures",
                join("names \"", shown, "\", which is not supported",
                     delta_net ? " (a hybrid of attention and gated delta nets)" : "", "; supported: ", supported));
  return nullptr;
}

// Switches that must stand as the transformer here has them.
void refuse_switches(ConfigReader& config, const ModelClass& c) {
  for (const char* name : {"attention_bias", "mlp_bias", "use_bias", "qkv_bias", "bias"})
    config.refuse(config.boolean_or(name, false), name, "is true: biases are not implemented");
  config.refuse(config.has("clip_qkv") && !config.find("clip_qkv")->boolean(), "clip_qkv",
                "has a number: it clips queries, keys and values, which is not implemented; null does not");
  config.refuse(config.integer_or("first_k_dense_replace", 0, 0, kMaxLayers) > 0, "first_k_dense_replace",
                "makes some layers dense, which is not implemented");
  config.refuse(config.integer_or("num_shared_experts", 0, 0, kMaxExperts) > 0, "num_shared_experts",
                "asks for experts that every token uses, which is not implemented");
  config.refuse(config.boolean_or("moe_router_enable_expert_bias", false), "moe_router_enable_expert_bias",
                "is true, which is not implemented");
  config.refuse(!config.boolean_or("use_qk_norm", true), "use_qk_norm",
                "is false: a model of this class without norms of queries and keys is not implemented");
  config.refuse(config.boolean_or("use_cla", false), "use_cla",
                "is true: layers that share keys and values are not implemented");
  config.refuse(!c.experts.empty() && config.integer_or("decoder_sparse_step", 1, 0, kMaxLayers) != 1,
                "decoder_sparse_step", "makes some layers dense, which is not implemented");
  const Json* dense = config.find("mlp_only_layers");
  config.refuse(dense && dense->array() && !dense->array()->empty(), "mlp_only_layers",
                "makes some layers dense, which is not implemented");
}

// Of a class whose layers all see everything.
void refuse_windows(ConfigReader& config, int64_t context) {
  const bool in_use = config.boolean_or("use_sliding_window", config.find("use_sliding_window") == nullptr);
  const int64_t window = config.integer_or("sliding_window", 0, 0, kMaxContext);
  config.refuse(
      in_use && window > 0 && window < context, "sliding_window",
      join("is ", window, ", below the context of ", context, ": windows are not implemented for this class"));
  for (const std::string& type : config.texts("layer_types"))
    config.refuse(type != "full_attention", "layer_types", "has \"" + type + "\", which is not implemented here");
}

class KeyWriter {
 public:
  KeyWriter(Metadata& metadata, const std::string& architecture) : metadata_(metadata), prefix_(architecture + ".") {}
  void operator()(const std::string& key, MetadataValue value) { metadata_.set(prefix_ + key, std::move(value)); }

 private:
  Metadata& metadata_;
  std::string prefix_;
};

void read_sizes(ConfigReader& config, FolderConfig& f, KeyWriter& key) {
  const int64_t dim = config.integer("hidden_size", 1, kMaxDim);
  f.n_layers = config.integer("num_hidden_layers", 1, kMaxLayers);
  f.n_heads = config.integer("num_attention_heads", 1, kMaxHeads);
  f.n_kv_heads = config.integer_or("num_key_value_heads", f.n_heads, 1, kMaxHeads);
  f.vocab_size = config.integer("vocab_size", 1, 1 << 26);
  key("embedding_length", dim);
  key("block_count", f.n_layers);
  key("context_length", config.integer("max_position_embeddings", 1, kMaxContext));
  key("vocab_size", f.vocab_size);
  key("attention.head_count", f.n_heads);
  key("attention.head_count_kv", f.n_kv_heads);
  key("attention.layer_norm_rms_epsilon", config.real_or("rms_norm_eps", 1e-6, 0.0, 1.0));
}

int64_t read_head_dim(ConfigReader& config, const FolderConfig& f) {
  const int64_t dim = config.integer("hidden_size", 1, kMaxDim);
  const char* name = config.has("attention_head_dim") && !config.has("head_dim") ? "attention_head_dim" : "head_dim";
  config.require(config.has(name) || dim % f.n_heads == 0, name,
                 join("is missing, and ", dim, " is not a multiple of ", f.n_heads, " heads"));
  return config.integer_or(name, std::max<int64_t>(1, dim / f.n_heads), 1, kMaxDim);
}

// The function of the gate, where it is not the class's own.
void read_activation(ConfigReader& config, const ModelClass& c, KeyWriter& key) {
  const bool squared = c.architecture == "bitnet-b1.58";
  const std::string name = config.text_or("hidden_act", squared ? "relu2" : "silu");
  if (name == "silu" || name == "swish") {
    if (squared) key("hidden_activation", std::string("silu"));
  } else if (name == "relu2") {
    if (!squared) key("hidden_activation", std::string("relu2"));
  } else if (name == "gelu_pytorch_tanh" || name == "gelu_new") {
    key("hidden_activation", std::string("gelu"));
  } else {
    config.refuse(true, "hidden_act", "is \"" + name + "\"; supported: silu, relu2, gelu_pytorch_tanh");
  }
}

void read_feed_forward(ConfigReader& config, const ModelClass& c, FolderConfig& f, KeyWriter& key) {
  if (c.experts.empty()) {
    key("feed_forward_length", config.integer("intermediate_size", 1, kMaxDim));
    return;
  }
  f.n_experts = config.integer(c.experts, 1, kMaxExperts);
  key("expert_count", f.n_experts);
  key("expert_used_count", config.integer("num_experts_per_tok", 1, f.n_experts));
  if (c.expert_width.empty()) {
    key("feed_forward_length", config.integer("intermediate_size", 1, kMaxDim));
  } else {
    key("expert_feed_forward_length", config.integer(c.expert_width, 1, kMaxDim));
  }
  key("expert_weights_norm", config.boolean_or("norm_topk_prob", c.renormalize));
}

// Maple: every fourth layer sees everything, unless layer_types says which do.
void read_windows(ConfigReader& config, const FolderConfig& f, KeyWriter& key) {
  key("attention.sliding_window", config.integer("sliding_window", 1, kMaxContext));
  std::vector<bool> sliding;
  const std::vector<std::string> types = config.texts("layer_types");
  config.require(types.empty() || static_cast<int64_t>(types.size()) == f.n_layers, "layer_types",
                 join("has ", types.size(), " entries, must have one for each of the ", f.n_layers, " layers"));
  for (const std::string& type : types) {
    config.refuse(type != "sliding_attention" && type != "full_attention", "layer_types",
                  "has \"" + type + "\"; supported: sliding_attention, full_attention");
    sliding.push_back(type == "sliding_attention");
  }
  for (int64_t i = 0; types.empty() && i < f.n_layers; ++i) sliding.push_back((i + 1) % 4 != 0);
  key("attention.sliding_window_pattern", sliding);
  // Of gate and up, of every expert. The configuration has no word for it; llama.cpp wants it in the file.
  constexpr double kClamp = 7.0;
  key("swiglu_clamp_exp", std::vector<double>(sliding.size(), kClamp));
  if (!config.boolean_or("nope_on_global_attention", true)) key("rope.global_layers", true);
}

}  // namespace

Result<FolderConfig> read_folder_config(const Json& json) {
  if (!json.object()) return error(StatusCode::corrupt_file, "is ", json.kind(), ", must be an object");
  ConfigReader config(json);
  bool body = false;
  const ModelClass* found = class_of(config, body);
  if (!found) return config.status();
  const ModelClass& c = *found;
  FolderConfig f;
  f.architecture = std::string(c.architecture);
  f.interleaved_rope = c.interleaved_rope;
  f.tied = config.boolean_or("tie_word_embeddings", c.tied) || body;
  f.metadata.set("general.architecture", f.architecture);
  KeyWriter key(f.metadata, f.architecture);
  read_sizes(config, f, key);
  const int64_t head_dim = read_head_dim(config, f);
  key("attention.key_length", head_dim);
  key("attention.value_length", head_dim);
  read_activation(config, c, key);
  read_feed_forward(config, c, f, key);
  refuse_switches(config, c);
  const int64_t context = config.integer("max_position_embeddings", 1, kMaxContext);
  if (c.windows) {
    read_windows(config, f, key);
  } else {
    refuse_windows(config, context);
  }
  FolderRope rope = read_folder_rope(config, head_dim, context, c.windows ? "sliding_attention" : "", c.rope_base);
  key("rope.freq_base", rope.base);
  key("rope.dimension_count", rope.dims);
  for (auto& [name, value] : rope.keys) key("rope." + name, std::move(value));
  f.rope_factors = std::move(rope.factors);
  f.quantization = read_folder_quantization(config);
  if (c.masters && !f.quantization.mlx) f.quantization.bitnet = f.quantization.online = true;
  if (!config.status().ok()) return config.status();
  return f;
}

}  // namespace tritium
