// A folder as Hugging Face keeps models, as the tensors and the metadata that a GGUF file of the model would have.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tensor/tensor_map.h"
#include "tritium/status.hpp"

namespace tritium {

struct OpenFolder {
  std::unique_ptr<TensorMap> tensors;
  std::vector<std::string> warnings;  // what of the folder is odd, though the model works
};

// Reads config.json and the headers of the safetensors files; rows of tensors are read when they are loaded.
// `tokenizer`: keys that are added to the metadata. Errors name the file, and what is wrong with it.
Result<OpenFolder> open_folder(const std::string& path, const Metadata& tokenizer);

}  // namespace tritium
