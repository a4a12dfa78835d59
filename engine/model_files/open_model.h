// A model, whatever files it is in: a GGUF file, one in several parts, or a Hugging Face folder.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tensor/tensor_map.h"
#include "tritium/status.hpp"

namespace tritium {

struct OpenModelOptions {
  bool i2s_interleave_64 = false;  // GgufOptions
};

struct OpenedModel {
  std::unique_ptr<TensorMap> tensors;
  std::vector<std::string> warnings;  // what is odd of it, though it works
};

// Reads headers and configurations; weights are read when they are loaded. `path`: a file, any part of a split one, or
// a folder.
Result<OpenedModel> open_model(const std::string& path, const OpenModelOptions& options = {});

// The files that a model is made of: itself, or its parts, or what a folder has of configuration, vocabulary, templates
// and tensors.
Result<std::vector<std::string>> files_of_model(const std::string& path);

// Of the names, sizes and times of those files: where it is another one, they may have changed.
Result<uint64_t> stamp_of_model(const std::string& path);

// Of the sizes, times and beginnings (headers, and more) of those files: a model whose fingerprint is the same is the
// same.
Result<uint64_t> fingerprint_of_model(const std::string& path);

// Metadata with the keys tokenizer.*, of a GGUF file, which may have nothing else, of a folder, or of a tokenizer.json.
Result<Metadata> open_vocabulary(const std::string& path);

}  // namespace tritium
