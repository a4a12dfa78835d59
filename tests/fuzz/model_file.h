// A small model as the parts of a GGUF file, each of which may be changed before they are put together.
#pragma once

#include <string>
#include <vector>

#include "tensor/known_keys.h"
#include "tests/fuzz/input.h"

namespace tritium::fuzz {

struct RawKey {
  std::string name;
  std::string value;  // kind and value, as in the file
};

struct RawTensor {
  std::string name;
  std::vector<uint64_t> dims;  // row length first
  uint32_t type = 0;
  uint64_t offset = 0;
};

struct ModelFile {
  std::vector<RawKey> keys;
  std::vector<RawTensor> tensors;
  std::string data;

  std::string bytes() const;
};

// Of one layer: dense or a mixture of experts, f32 or ternary, with a vocabulary of bytes.
ModelFile small_model(const std::string& architecture, bool ternary);

// The row's name as a model of this architecture has it: without ARCH and *.
std::string key_in_file(const KnownKey& key, const std::string& architecture);

// Changes keys, values and tensors as chosen.
void change(ModelFile& model, Choices& choices);

}  // namespace tritium::fuzz
