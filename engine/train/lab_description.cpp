#include "train/lab_description.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/format_text.h"
#include "train/orthogonal.h"

namespace tritium::training {
namespace {

using Lab = LabDescription;

constexpr std::array<std::pair<const char*, bool Lab::*>, 11> kFlags = {{{"gated", &Lab::gated},
                                                                         {"sub_norms", &Lab::sub_norms},
                                                                         {"query_gain", &Lab::query_gain},
                                                                         {"embedding_norm", &Lab::embedding_norm},
                                                                         {"smear", &Lab::smear},
                                                                         {"skips", &Lab::skips},
                                                                         {"x0_mixing", &Lab::x0_mixing},
                                                                         {"residual_scales", &Lab::residual_scales},
                                                                         {"router_bias", &Lab::router_bias},
                                                                         {"norm_scale", &Lab::norm_scale},
                                                                         {"zero_outputs", &Lab::zero_outputs}}};
constexpr std::array<std::pair<const char*, int64_t Lab::*>, 6> kIntegers = {
    {{"bigram_buckets", &Lab::bigram_buckets},
     {"bigram_length", &Lab::bigram_length},
     {"value_embedding_length", &Lab::value_embedding_length},
     {"exclusive_layers", &Lab::exclusive_layers},
     {"shared_ffn", &Lab::shared_ffn},
     {"ple", &Lab::ple}}};
constexpr std::array<std::pair<const char*, std::vector<int64_t> Lab::*>, 3> kLists = {
    {{"value_embedding_layers", &Lab::value_embedding_layers},
     {"layer_order", &Lab::layer_order},
     {"ffn_by_layer", &Lab::ffn_by_layer}}};
constexpr std::array<std::pair<const char*, std::string Lab::*>, 2> kTexts = {
    {{"activation", &Lab::activation}, {"qk_norm", &Lab::qk_norm}}};

template <typename Member, size_t n>
auto find_key(const std::array<std::pair<const char*, Member>, n>& keys, const std::string& key) {
  return std::ranges::find(keys, key, [](const auto& known) { return std::string(known.first); });
}

bool is_list(const nlohmann::json& value) {
  return value.is_array() && std::ranges::all_of(value, [](const auto& v) { return v.is_number_integer() && v >= 0; });
}

}  // namespace

std::string lab_keys() {
  std::string names = "init, logit_cap";
  const auto list = [&](const auto& keys) {
    for (const auto& [name, member] : keys) names += join(", ", name);
  };
  list(kTexts), list(kFlags), list(kIntegers), list(kLists);
  return names;
}

bool read_lab_key(const std::string& key, const nlohmann::json& value, Lab& lab) {
  if (key == "logit_cap" && value.is_number() && value >= 0) return lab.logit_cap = value, true;
  if (key == "init" && (value == "normal" || value == "orthogonal"))
    return lab.orthogonal = value == "orthogonal", true;
  if (const auto f = find_key(kFlags, key); f != kFlags.end() && value.is_boolean())
    return lab.*f->second = value, true;
  if (const auto f = find_key(kIntegers, key);
      f != kIntegers.end() && value.is_number_integer() && value.get<int64_t>() >= 0)
    return lab.*f->second = value, true;
  if (const auto f = find_key(kLists, key); f != kLists.end() && is_list(value))
    return lab.*f->second = value.get<std::vector<int64_t>>(), true;
  if (const auto f = find_key(kTexts, key); f != kTexts.end() && value.is_string()) return lab.*f->second = value, true;
  return false;
}

namespace {

Status check_layers(const Lab& lab, int64_t layers) {
  const auto refuse = [](auto... what) {
    return error(StatusCode::invalid_argument, "the description of the transformer: ", what...);
  };
  if (!lab.ffn_by_layer.empty() && std::ssize(lab.ffn_by_layer) != layers)
    return refuse("ffn_by_layer has ", lab.ffn_by_layer.size(), " numbers, must have one for each of the ", layers,
                  " layers");
  for (const int64_t layer : lab.value_embedding_layers)
    if (layer >= layers) return refuse("value_embedding_layers names layer ", layer, ", the last one is ", layers - 1);
  if (lab.exclusive_layers > layers)
    return refuse("exclusive_layers is ", lab.exclusive_layers, ", there are ", layers, " layers");
  return Status();
}

}  // namespace

Status set_lab_keys(const Lab& lab, int64_t layers, Metadata& m) {
  if (Status s = check_layers(lab, layers); !s.ok()) return s;
  const auto set = [&m](const char* key, MetadataValue value) {
    m.set(std::string("tritium-lab.") + key, std::move(value));
  };
  if (!lab.ffn_by_layer.empty()) {
    const bool experts = m.contains("tritium-lab.expert_count");
    set(experts ? "expert_feed_forward_length" : "feed_forward_length", lab.ffn_by_layer);
  }
  set("hidden_activation", lab.activation);
  set("lab.plain_feed_forward", !lab.gated);
  set("lab.sub_norms", lab.sub_norms);
  set("lab.qk_norm", lab.qk_norm);
  set("lab.query_gain", lab.query_gain);
  set("lab.embedding_norm", lab.embedding_norm);
  set("lab.bigram_buckets", lab.bigram_buckets);
  set("lab.bigram_length", lab.bigram_length);
  set("lab.smear", lab.smear);
  set("lab.skips", lab.skips);
  set("lab.x0_mixing", lab.x0_mixing);
  set("lab.residual_scales", lab.residual_scales);
  set("lab.router_bias", lab.router_bias);
  set("lab.logit_cap", lab.logit_cap);
  if (lab.shared_ffn > 0) set("lab.shared_feed_forward_length", lab.shared_ffn);
  if (lab.ple > 0) set("embedding_length_per_layer_input", lab.ple);
  if (!lab.layer_order.empty()) set("lab.layer_order", lab.layer_order);
  if (lab.value_embedding_length > 0) set("lab.value_embedding_length", lab.value_embedding_length);
  std::vector<bool> with_values, exclusive;
  constexpr int64_t kBeyondAnyModel = 1 << 16;  // refused when the configuration is read
  for (int64_t i = 0; i < std::min(layers, kBeyondAnyModel); ++i) {
    with_values.push_back(std::ranges::count(lab.value_embedding_layers, i) > 0);
    exclusive.push_back(i >= layers - lab.exclusive_layers);
  }
  if (!lab.value_embedding_layers.empty()) set("lab.value_embedding_layers", std::move(with_values));
  if (lab.exclusive_layers > 0) set("lab.exclusive_layers", std::move(exclusive));
  return Status();
}

std::vector<float> lab_values(const Lab& lab, const TensorSpec& spec, uint64_t seed) {
  const auto n = static_cast<size_t>(spec.elements());
  if (lab.norm_scale && (spec.name.ends_with(".attn_norm.weight") || spec.name.ends_with(".ffn_norm.weight")))
    return std::vector<float>(n, 1.0f / std::sqrt(static_cast<float>(spec.layer + 1)));
  if (lab.zero_outputs && spec.to_stream) return std::vector<float>(n, 0.0f);
  const bool of_layers = spec.role == TensorRole::attention || spec.role == TensorRole::feed_forward;
  constexpr int64_t kLeast = 64;  // sides, as in parameter-golf
  if (lab.orthogonal && of_layers && spec.rows() >= kLeast && spec.cols() >= kLeast)
    return orthogonal_values(spec.n_matrices(), spec.rows(), spec.cols(), seed);
  return {};
}

}  // namespace tritium::training
