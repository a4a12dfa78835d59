// The rotation that a config.json asks for.
#pragma once

#include <cstdint>
#include <vector>

#include "format/folder/config_reader.h"
#include "tensor/metadata.h"

namespace tritium {

struct FolderRope {
  double base = 10000.0;
  int64_t dims = 0;                                         // values of a head that are rotated
  std::vector<float> factors;                               // that frequencies are divided by (llama3); empty: by 1
  std::vector<std::pair<std::string, MetadataValue>> keys;  // below ARCH.rope.
};

// From rope_theta, rope_scaling, rope_parameters and partial_rotary_factor. `usual_base`: without rope_theta. Of layers
// of several kinds: those of `kind`
// ("sliding_attention"); "": all have to agree. What is wrong, or not implemented, is said by `config`.
FolderRope read_folder_rope(ConfigReader& config, int64_t head_dim, int64_t context_length, const std::string& kind,
                            double usual_base);

}  // namespace tritium
