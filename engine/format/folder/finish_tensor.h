// What was found for a tensor, and the tensor that it makes. Matrices of floats may be masters: then the layer rounds
// them to trits when it runs, by their mean magnitude. The configuration says so, or a norm within the layer
// (BitNet-Embedding); there a matrix that is ternary already keeps its own scales.
#pragma once

#include <array>
#include <map>
#include <string>
#include <vector>

#include "format/folder/folder_config.h"
#include "format/folder/folder_tensor.h"
#include "format/folder/tensor_names.h"

namespace tritium {

// What the folder has of one matrix, or of all experts' matrices in one.
struct DraftMatrix {
  std::string module;
  std::array<const ShardTensor*, kTensorParts> parts{};  // by TensorPart; null: not there
  int half = -1;
  bool all_experts = false;

  const ShardTensor* part(TensorPart p) const { return parts[static_cast<size_t>(p)]; }
};

struct Draft {
  std::string name;  // GGUF's
  int64_t layer = -1;
  std::map<int64_t, DraftMatrix> matrices;  // by expert; -1: the only one, or all experts

  bool input_norm = false;  // a projection with a norm of its own before it

  bool norm() const { return name.find("_norm.") != std::string::npos || name.find("_norm_in.") != std::string::npos; }
  bool router() const { return name.find("ffn_gate_inp.") != std::string::npos; }
  bool linear() const { return layer >= 0 && !norm() && !router(); }
  bool queries_or_keys() const {
    return name.find(".attn_q.") != std::string::npos || name.find(".attn_k.") != std::string::npos;
  }
};

// Checks that all parts are there and that their sizes agree.
Result<FolderTensor> finish_tensor(const FolderConfig& config, const Draft& draft, std::vector<std::string>& warnings);

}  // namespace tritium
