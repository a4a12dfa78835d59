// The safetensors files of a folder: one, or those of model.safetensors.index.json.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "base/input_file.h"
#include "format/safetensors.h"
#include "tritium/status.hpp"

namespace tritium {

// A tensor, and the file it is in.
struct ShardTensor {
  SafetensorsTensor header;
  const InputFile* file = nullptr;

  const std::string& name() const { return header.name; }
  std::string place() const { return file->path() + ": tensor " + header.name; }
  int64_t dim(size_t i) const { return i < header.shape.size() ? header.shape[i] : 1; }
  bool is(std::string_view type) const { return header.type.name == type; }
  bool is_float() const { return is("F32") || is("F16") || is("BF16"); }
  int64_t element_bytes() const { return header.type.bits / 8; }
};

struct Shards {
  std::deque<InputFile> files;                 // that do not move
  std::map<std::string, ShardTensor> tensors;  // by name
  std::vector<std::string> warnings;
};

// Opens all of them. not_found: there is none, or one that the index names is missing; corrupt_file: the index names a
// file outside of the folder, or a tensor that its file does not have; "FILE: what" is wrong in a file.
Result<Shards> open_shards(const std::string& folder);

}  // namespace tritium
