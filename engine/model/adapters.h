// Low-rank adapters beside the weights of a model (Hu et al. 2021, "LoRA"): y = W x + scale B (A x). W stays as it is,
// trits stay trits: a change that is smaller than half an alpha would be lost in them.
//
// The file is the GGUF that llama.cpp reads as an adapter: general.type "adapter", adapter.type "lora",
// adapter.lora.alpha, and for each adapted tensor NAME.lora_a [rank, cols] and NAME.lora_b [rows, rank], for experts
// with their number before; scale = alpha / rank.
#pragma once

#include <map>
#include <string>

#include "model/config.h"
#include "ops/backend.h"
#include "tensor/tensor_map.h"

namespace tritium {

inline constexpr const char* kLoraA = ".lora_a";
inline constexpr const char* kLoraB = ".lora_b";

struct Adapter {
  Weight a;  // (n_matrices, rank, cols)
  Weight b;  // (n_matrices, rows, rank)
  float scale = 1.0f;
};

struct Adapters {
  std::map<std::string, Adapter> by_weight;  // "blk.0.attn_q.weight"
  int64_t rank = 0;                          // the largest
  int64_t rows = 0;                          // the most that a product has

  const Adapter* find(const Weight& weight) const {
    if (by_weight.empty()) return nullptr;
    const auto found = by_weight.find(weight.name);
    return found == by_weight.end() ? nullptr : &found->second;
  }
};

// `strength` multiplies what the adapters add. Errors name what does not fit the model. The caller holds
// backend.mutex().
Result<Adapters> load_adapters(const TensorMap& source, const Config& config, float strength, Backend& backend);

}  // namespace tritium
