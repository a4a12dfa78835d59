// Low-rank adapters beside the weights of a model (Hu et al. 2021, "LoRA"): y = W x + scale B (A x). W stays as it is,
// trits stay trits: a change that is smaller than half an alpha would be lost in them.
//
// The file is the GGUF that llama.cpp reads as an adapter: general.type "adapter", adapter.type "lora",
// adapter.lora.alpha, and for each adapted tensor NAME.lora_a [rank, cols] and NAME.lora_b [rows, rank], for experts
// with their number before; scale = alpha / rank.
#pragma once

#include <string>
#include <vector>

#include "model/weights.h"

namespace tritium {

inline constexpr const char* kLoraA = ".lora_a";
inline constexpr const char* kLoraB = ".lora_b";

// On a backend.
struct LowRankAdapter {
  struct Part {
    std::string weight;  // the name of the one that it is for
    FixedParameter a, b;
    float scale = 1.0f;
  };
  std::vector<Part> parts;
};

// `weights` are those that it shall stand beside. Errors name what does not fit the model. The caller holds
// backend.mutex().
Result<LowRankAdapter> load_adapter(const TensorMap& source, const Config& config, const Weights& weights,
                                    Backend& backend);

// The weights in the same memory with the adapter beside them, which outlives them. `strength` multiplies what it adds.
Weights with_adapter(const Weights& weights, const Config& config, const LowRankAdapter& adapter, float strength);

}  // namespace tritium
