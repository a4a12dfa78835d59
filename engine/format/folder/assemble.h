// From a folder's tensors to those of a GGUF file of the same model.
#pragma once

#include <string>
#include <vector>

#include "format/folder/folder_config.h"
#include "format/folder/folder_tensor.h"
#include "format/folder/shards.h"
#include "tritium/status.hpp"

namespace tritium {

// In the order of a GGUF file. Floats are looked at for trits. corrupt_file: parts of a tensor are missing, or sizes
// disagree; unsupported: a tensor that no model here has, or another element type. `warnings` gets what is odd.
Result<std::vector<FolderTensor>> assemble(const FolderConfig& config, const Shards& shards,
                                           std::vector<std::string>& warnings);

}  // namespace tritium
