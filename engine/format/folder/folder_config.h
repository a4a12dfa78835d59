// What the config.json of a Hugging Face folder says: the metadata that a GGUF file of the model would have, and how
// the folder keeps its tensors.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "tensor/metadata.h"
#include "tritium/status.hpp"

namespace tritium {

struct MlxPacking {
  int bits = 0;
  int64_t group_size = 0;
};

struct FolderQuantization {
  bool bitnet = false;                     // U8 of four trits with a weight_scale, or masters
  bool divide = true;                      // w = trit / weight_scale, not times
  bool online = false;                     // matrices are floats, rounded by their mean magnitude when they are used
  std::vector<std::string> not_converted;  // modules that stay floats
  bool mlx = false;                        // U32 of small integers
  MlxPacking packing;
  std::map<std::string, MlxPacking> packing_of;  // of modules that differ
};

struct FolderConfig {
  std::string architecture;  // as GGUF calls it
  Metadata metadata;
  int64_t n_layers = 0;
  int64_t n_heads = 0;
  int64_t n_kv_heads = 0;
  int64_t n_experts = 0;
  int64_t vocab_size = 0;
  bool interleaved_rope =
      false;          // rows of q and k are to be reordered: GGUF rotates neighbours here, the folder halves
  bool tied = false;  // the head is the embedding, it says
  std::vector<float> rope_factors;  // rope_freqs.weight; empty: none
  FolderQuantization quantization;
};

// corrupt_file: a value is missing or makes no sense; unsupported: it asks for what is not implemented. Messages begin
// with the name.
Result<FolderConfig> read_folder_config(const Json& config);

}  // namespace tritium
