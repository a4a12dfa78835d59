// Low-rank adapters beside the weights of a model (Hu et al. 2021, "LoRA"): y = W x + scale B (A x). W stays as it is,
// trits stay trits: a change that is smaller than half an alpha would be lost in them.
//
// The file is the GGUF that llama.cpp reads as an adapter: general.type "adapter", adapter.type "lora",
// adapter.lora.alpha, and for each adapted tensor NAME.lora_a [rank, cols] and NAME.lora_b [rows, rank], for experts
// with their number before; scale = alpha / rank.
#pragma once

#include "model/weights.h"

namespace tritium {

inline constexpr const char* kLoraA = ".lora_a";
inline constexpr const char* kLoraB = ".lora_b";

// Puts the adapters beside the weights of the model. `strength` multiplies what they add. Errors name what does not fit
// the model. The caller holds backend.mutex().
Status load_adapters(const TensorMap& source, const Config& config, float strength, Backend& backend, Weights& weights);

}  // namespace tritium
