// Names of tensors in Hugging Face folders, and what they are called in a GGUF file.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tritium {

// What a stored tensor is of a matrix or vector.
enum class TensorPart { weight, weight_scale, row_alpha, scales, biases };
inline constexpr size_t kTensorParts = 5;

struct TensorPlace {
  std::string gguf;    // "blk.3.ffn_up_exps.weight"
  std::string module;  // "model.layers.3.mlp.experts.0.up_proj", as configurations name it
  TensorPart part = TensorPart::weight;
  int64_t layer = -1;        // -1: outside of layers
  int64_t expert = -1;       // of tensors that hold one expert
  bool all_experts = false;  // the tensor holds them all
  int half = -1;             // 0, 1: the first, the second half of its rows; -1: all of it
};

// Where a tensor belongs: two places for one that holds two. `known` false: nothing of that name is part of a model.
struct PlacesOfName {
  bool known = false;
  std::vector<TensorPlace> places;  // none: known, and without use (a table that can be computed)
};
PlacesOfName places_of(const std::string& name);

}  // namespace tritium
