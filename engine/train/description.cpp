#include "train/description.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/available_memory.h"
#include "base/counter_rng.h"
#include "base/format_text.h"
#include "model/config.h"
#include "model/weights.h"
#include "train/json_text.h"
#include "tritium/training.hpp"

namespace tritium::training {
namespace {

constexpr std::array<std::pair<const char*, int64_t Description::*>, 11> kIntegers = {{
    {"dim", &Description::dim},
    {"layers", &Description::layers},
    {"heads", &Description::heads},
    {"kv_heads", &Description::kv_heads},
    {"head_dim", &Description::head_dim},
    {"rope_dims", &Description::rope_dims},
    {"ffn", &Description::ffn},
    {"experts", &Description::experts},
    {"top_k", &Description::top_k},
    {"context", &Description::context},
    {"window", &Description::window},
}};

constexpr std::string_view kLab = "tritium-lab";

// Refused when the configuration is read, whatever it is multiplied with before.
constexpr int64_t kBeyondAnyWidth = int64_t{1} << 40;

// What differs between layers: we know a maple's without these keys, other programs refuse the file.
void write_layer_keys(const Config& config, Metadata& m) {
  const std::string p = config.architecture + ".";
  if (!m.contains(p + "attention.sliding_window")) return;
  std::vector<bool> pattern;
  std::vector<double> clamps;
  for (const LayerConfig& layer : config.layers) {
    pattern.push_back(layer.window > 0);
    clamps.push_back(layer.swiglu_clamp);
  }
  m.set(p + "attention.sliding_window_pattern", std::move(pattern));
  m.set(p + "swiglu_clamp_exp", std::move(clamps));
}

std::vector<float> initial_values(const TensorSpec& slot, int64_t n_layers, uint64_t seed) {
  std::vector<float> values(static_cast<size_t>(slot.elements()), 1.0f);
  if (slot.role == TensorRole::norm) return std::vector<float>(values.size(), slot.initial);
  double spread = 1.0 / std::sqrt(static_cast<double>(slot.shape.back()));
  if (slot.to_stream) spread /= std::sqrt(2.0 * static_cast<double>(n_layers));
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(spread * random_normal(seed, i));
  return values;
}

Status check_size(double weights) {
  const auto available = static_cast<double>(available_memory());
  const double bytes = 4.0 * weights;
  if (available == 0 || bytes <= available) return Status();
  return error(StatusCode::out_of_memory, "the described transformer has at least ", weights / 1e6,
               " million weights, as floats ", bytes / 0x1p20, " MiB; this machine has ", available / 0x1p20,
               " MiB free");
}

}  // namespace

Result<Description> parse_description(std::string_view text) {
  const Result<nlohmann::json> json = parse_object("the description of the transformer", text);
  if (!json.ok()) return json.status();
  Description d;
  std::optional<bool> tied_head;
  std::string lab_key;  // the first one
  for (const auto& [key, value] : json->items()) {
    const auto integer = std::ranges::find(kIntegers, key, [](const auto& known) { return known.first; });
    if (key == "architecture" && value.is_string()) {
      d.architecture = value;
    } else if (key == "rope_base" && value.is_number()) {
      d.rope_base = value;
    } else if (key == "tied_head" && value.is_boolean()) {
      tied_head = value;
    } else if (key == "norm_topk_prob" && value.is_boolean()) {
      d.norm_topk_prob = value.get<bool>();
    } else if (integer != kIntegers.end() && value.is_number_integer() && value.get<int64_t>() >= 0) {
      d.*integer->second = value;
    } else if (!read_lab_key(key, value, d.lab)) {
      return error(
          StatusCode::invalid_argument, "the description of the transformer: \"", key, "\": ", value.dump(),
          " is no key, or not of its type; keys are architecture, dim, layers, heads, kv_heads, head_dim, rope_dims, "
          "ffn, experts, top_k, norm_topk_prob, context, window, rope_base, tied_head; of a tritium-lab also ",
          lab_keys());
    } else if (lab_key.empty()) {
      lab_key = key;
    }
  }
  if (d.architecture.empty()) d.architecture = d.experts > 0 ? "qwen3moe" : "bitnet";
  if (!lab_key.empty() && d.architecture != kLab)
    return error(StatusCode::invalid_argument, "the description of the transformer: \"", lab_key,
                 "\" is of architecture ", kLab, ", this is a ", d.architecture);
  // Other programs look for no head of its own in a bitnet file.
  d.tied_head = tied_head.value_or(d.architecture.starts_with("bitnet") || d.architecture == kLab);
  return d;
}

Result<Metadata> metadata_of(const Description& d, int64_t vocab_size) {
  Metadata m;
  const auto set = [&](const char* key, MetadataValue value) { m.set(d.architecture + "." + key, std::move(value)); };
  const int64_t head_dim = d.head_dim > 0 ? d.head_dim : d.dim / std::max<int64_t>(1, d.heads);
  const int64_t ffn = d.ffn > 0 ? d.ffn : 4 * std::min(d.dim, kBeyondAnyWidth);
  m.set("general.architecture", d.architecture);
  m.set("general.name", std::string("trained with tritium"));
  set("block_count", d.layers);
  set("context_length", d.context);
  set("embedding_length", d.dim);
  set("feed_forward_length", ffn);
  set("vocab_size", vocab_size);
  set("attention.head_count", d.heads);
  set("attention.head_count_kv", d.kv_heads > 0 ? d.kv_heads : d.heads);
  set("attention.key_length", head_dim);
  set("attention.value_length", head_dim);
  set("attention.layer_norm_rms_epsilon", 1e-6);
  set("rope.dimension_count", d.rope_dims > 0 ? d.rope_dims : head_dim);
  set("rope.freq_base", d.rope_base);
  if (d.window > 0 || d.architecture == "maple") set("attention.sliding_window", d.window > 0 ? d.window : d.context);
  if (d.experts > 0) {
    set("expert_count", d.experts);
    set("expert_used_count", d.top_k);
    set("expert_feed_forward_length", ffn);
    if (d.norm_topk_prob || d.architecture == kLab) set("expert_weights_norm", d.norm_topk_prob.value_or(d.top_k > 1));
  }
  if (d.architecture == kLab)
    if (Status s = set_lab_keys(d.lab, d.layers, m); !s.ok()) return s;
  return m;
}

Result<MemoryTensorMap> make_transformer(std::string_view json, int64_t vocab_size, uint64_t seed) {
  const Result<Description> d = parse_description(json);
  if (!d.ok()) return d.status();
  MemoryTensorMap map("the described transformer");
  Result<Metadata> metadata = metadata_of(*d, vocab_size);
  if (!metadata.ok()) return metadata.status();
  map.mutable_metadata() = *std::move(metadata);
  // The vocabulary is known by the embedding's rows, which must be there before the rest can be listed. Its values come
  // with the others', once their number is known to be possible.
  map.add("token_embd.weight", {vocab_size, d->dim}, std::vector<float>());
  const Result<Config> config = read_config(map);
  if (!config.ok()) return config.status();
  double weights = 0;
  for (const TensorSpec& slot : tensor_specs(*config)) {
    double elements = 1;
    for (int64_t n : slot.shape) elements *= static_cast<double>(n);
    weights += elements;
  }
  if (Status s = check_size(weights); !s.ok()) return s;
  write_layer_keys(*config, map.mutable_metadata());
  uint64_t stream = 0;
  for (const TensorSpec& slot : tensor_specs(*config)) {
    ++stream;
    if (slot.optional && d->tied_head) continue;
    const uint64_t own_seed = random_bits(seed, stream);
    std::vector<float> values;
    if (d->architecture == kLab) values = lab_values(d->lab, slot, own_seed);
    if (values.empty()) values = initial_values(slot, config->n_layers(), own_seed);
    map.add(slot.name, slot.shape, values);
  }
  return map;
}

}  // namespace tritium::training

namespace tritium {

const std::vector<TrainPreset>& train_presets() {
  static const std::vector<TrainPreset> kPresets = {
      {"tiny-moe", "1.8 M weights, 0.7 M of them used by a token: a mixture of 8 experts that learns a text in minutes",
       R"({"architecture": "qwen3moe", "dim": 128, "layers": 4, "heads": 4, "kv_heads": 2, "head_dim": 32, "ffn": 128, "experts": 8, "top_k": 2, "context": 256})"},
      {"book-moe", "4.0 M weights, 1.4 M a token: for a book in ten minutes",
       R"({"architecture": "qwen3moe", "dim": 192, "layers": 4, "heads": 6, "kv_heads": 2, "head_dim": 32, "ffn": 192, "experts": 8, "top_k": 2, "context": 256})"},
      {"small-moe", "9 M weights, 2 M a token: a mixture of 16 experts",
       R"({"architecture": "maple", "dim": 256, "layers": 6, "heads": 4, "kv_heads": 2, "head_dim": 64, "ffn": 128, "experts": 16, "top_k": 2, "context": 512})"},
      {"tiny-dense", "0.8 M weights, dense, with an RMSNorm before each output projection (BitNet)",
       R"({"architecture": "bitnet", "dim": 128, "layers": 4, "heads": 4, "ffn": 384, "context": 256})"},
  };
  return kPresets;
}

}  // namespace tritium
