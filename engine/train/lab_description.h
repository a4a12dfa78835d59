// What the description of a tritium-lab says beside that of any transformer: which of the optional parts it has
// (model/config.h, LabConfig), and how it starts.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "model/tensors.h"
#include "tensor/metadata.h"
#include "tritium/status.hpp"

namespace tritium::training {

struct LabDescription {
  std::string activation = "relu2";  // silu, gelu, relu2, leaky_relu2
  bool gated = false;
  bool sub_norms = false;
  std::string qk_norm = "per_head";  // none, per_head, whole
  bool query_gain = false;
  bool embedding_norm = false;
  int64_t bigram_buckets = 0, bigram_length = 0;
  bool smear = false;
  int64_t value_embedding_length = 0;
  std::vector<int64_t> value_embedding_layers;
  bool skips = false;
  bool x0_mixing = false;
  bool residual_scales = false;
  int64_t exclusive_layers = 0;      // the last ones
  std::vector<int64_t> layer_order;  // empty: one after another
  std::vector<int64_t> ffn_by_layer;
  int64_t shared_ffn = 0;
  bool router_bias = false;
  double logit_cap = 0.0;
  int64_t ple = 0;
  // How it starts:
  bool norm_scale = false;    // norms before attention and feed-forward by 1 / sqrt(layer + 1)
  bool orthogonal = false;    // matrices of layers with sides of at least 64, else normal
  bool zero_outputs = false;  // what is added to the stream
};

// The names of its keys, as an error lists them.
std::string lab_keys();

// Takes a key of the description. False: it is none of these, or not of its type.
bool read_lab_key(const std::string& key, const nlohmann::json& value, LabDescription& lab);

// As GGUF files say it.
Status set_lab_keys(const LabDescription& lab, int64_t layers, Metadata& metadata);

// The first values of a tensor where the description has its own; empty: as elsewhere.
std::vector<float> lab_values(const LabDescription& lab, const TensorSpec& spec, uint64_t seed);

}  // namespace tritium::training
