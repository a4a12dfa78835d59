#include "model/lab_keys.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/format_text.h"

namespace tritium {
namespace {

constexpr int64_t kMaxRows = 1 << 26, kMaxDim = 1 << 20;

constexpr std::array<std::string_view, 18> kKeys = {"plain_feed_forward",
                                                    "sub_norms",
                                                    "qk_norm",
                                                    "query_gain",
                                                    "embedding_norm",
                                                    "bigram_buckets",
                                                    "bigram_length",
                                                    "smear",
                                                    "value_embedding_length",
                                                    "value_embedding_layers",
                                                    "skips",
                                                    "x0_mixing",
                                                    "residual_scales",
                                                    "exclusive_layers",
                                                    "layer_order",
                                                    "shared_feed_forward_length",
                                                    "router_bias",
                                                    "logit_cap"};

void read_norms(KeyReader& keys, Config& c) {
  const std::string norm = keys.text_or("lab.qk_norm", "none");
  keys.require(norm == "none" || norm == "per_head" || norm == "whole", "lab.qk_norm",
               "is \"" + norm + "\"; supported: none, per_head, whole");
  c.qk_norm = norm == "per_head" ? QkNorm::per_head : norm == "whole" ? QkNorm::whole : QkNorm::none;
  c.attn_sub_norm = c.ffn_sub_norm = keys.boolean_or("lab.sub_norms", false);
}

void read_embeddings(KeyReader& keys, Config& c) {
  LabConfig& lab = c.lab;
  lab.embedding_norm = keys.boolean_or("lab.embedding_norm", false);
  lab.bigram_buckets = keys.integer_or("lab.bigram_buckets", 0, 0, kMaxRows);
  lab.bigram_dim = keys.integer_or("lab.bigram_length", 0, 0, kMaxDim);
  keys.require((lab.bigram_buckets > 1) == (lab.bigram_dim > 0), "lab.bigram_buckets",
               join("is ", lab.bigram_buckets, ", and lab.bigram_length ", lab.bigram_dim,
                    "; both are 0, or there are at least 2 buckets and the length is above 0"));
  lab.value_embedding_dim = keys.integer_or("lab.value_embedding_length", 0, 0, kMaxDim);
  const std::vector<bool> layers = keys.booleans_or("lab.value_embedding_layers", c.n_layers());
  int64_t width = 0;
  for (size_t i = 0; i < layers.size(); ++i) {
    if (!layers[i]) continue;
    c.layers[i].value_embedding = true;
    keys.require(width == 0 || width == c.layers[i].v_dim(), "lab.value_embedding_layers",
                 "names layers whose values differ in size");
    width = c.layers[i].v_dim();
  }
  keys.require((width > 0) == (lab.value_embedding_dim > 0), "lab.value_embedding_layers",
               "names some layers where lab.value_embedding_length is above 0, and none elsewhere");
}

void read_layers(KeyReader& keys, Config& c) {
  const std::vector<bool> exclusive = keys.booleans_or("lab.exclusive_layers", c.n_layers());
  const std::vector<int64_t> none(c.layers.size(), 0);
  const std::vector<int64_t> shared = keys.integers_or("lab.shared_feed_forward_length", none, 0, kMaxDim);
  for (size_t i = 0; i < c.layers.size(); ++i) {
    c.layers[i].exclusive = !exclusive.empty() && exclusive[i];
    c.layers[i].shared_ffn_dim = shared[i];
    keys.require(shared[i] == 0 || c.moe(), "lab.shared_feed_forward_length",
                 join("is ", shared[i], " for layer ", i, ", but the model has no experts beside it"));
  }
}

// Every layer at least once, and first of all layers that have not computed yet the next one.
void read_order(KeyReader& keys, Config& c) {
  const auto order = keys.integers_of_any_number("lab.layer_order", c.order, 0, c.n_layers() - 1);
  int64_t next = 0;
  for (const int64_t layer : order) {
    keys.require(layer <= next, "lab.layer_order", join("has layer ", layer, " before layer ", next));
    next = std::max(next, layer + 1);
  }
  keys.require(next == c.n_layers(), "lab.layer_order", join("leaves out layer ", next));
  c.order = order;
}

}  // namespace

void read_lab(KeyReader& keys, Config& c) {
  LabConfig& lab = c.lab;
  read_norms(keys, c);
  read_embeddings(keys, c);
  read_layers(keys, c);
  read_order(keys, c);
  lab.plain_ffn = keys.boolean_or("lab.plain_feed_forward", false);
  lab.smear = keys.boolean_or("lab.smear", false);
  lab.skips = keys.boolean_or("lab.skips", false);
  lab.x0_mixing = keys.boolean_or("lab.x0_mixing", false);
  lab.residual_scales = keys.boolean_or("lab.residual_scales", false);
  lab.query_gain = keys.boolean_or("lab.query_gain", false);
  lab.router_bias = keys.boolean_or("lab.router_bias", false);
  lab.logit_cap = static_cast<float>(keys.real_or("lab.logit_cap", 0.0, 0.0, 1e6));
  keys.require(!lab.router_bias || c.moe(), "lab.router_bias", "is true, but the model has no experts");
}

Status check_lab_keys(const Metadata& metadata, const std::string& architecture, bool lab) {
  const std::string prefix = architecture + ".lab.";
  for (const auto& [key, value] : metadata.values()) {
    if (!key.starts_with(prefix)) continue;
    if (!lab)
      return error(StatusCode::unsupported, "key ", key, " is one of tritium-lab, which ", architecture, " is not");
    if (std::ranges::find(kKeys, std::string_view(key).substr(prefix.size())) == kKeys.end())
      return error(StatusCode::unsupported, "key ", key,
                   " names a part of the model that is not known here; a later version of tritium may know it");
  }
  return Status();
}

}  // namespace tritium
