// Random models of any architecture and shape, in memory: real metadata, real tensor names, random weights.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tensor/tensor_map.h"

namespace tritium {

struct RandomModelOptions {
  std::string architecture = "llama";
  int64_t vocab_size = 97;
  int64_t dim = 48;
  int64_t n_layers = 3;
  int64_t n_heads = 4;
  int64_t n_kv_heads = 2;
  int64_t head_dim = 16;
  int64_t rope_dims = 16;
  int64_t ffn_dim = 80;  // of a dense layer or of one expert
  int64_t n_experts = 0;
  int64_t n_experts_used = 2;
  int64_t context_length = 64;
  int64_t window = 5;   // of architectures with sliding layers
  bool ternary = true;  // matrices as trits with a scale a row; else f32
  bool tied_head = false;
  bool input_norms = false;  // a norm before each projection
  uint64_t seed = 1;
  // Keys of the architecture that have a value for each layer: "attention.head_count". They replace what is above.
  std::map<std::string, std::vector<int64_t>> per_layer = {};
};

MemoryTensorMap random_model(const RandomModelOptions& options);

}  // namespace tritium
