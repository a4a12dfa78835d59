// safetensors: the files in which Hugging Face folders keep tensors. A length (u64, little-endian), so many bytes of
// JSON, data.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/input_file.h"
#include "tritium/status.hpp"

namespace tritium {

// The element types that the format knows; tensors are whole bytes of them.
struct SafetensorsType {
  std::string_view name;
  int bits = 0;
};
std::optional<SafetensorsType> safetensors_type(std::string_view name);

struct SafetensorsTensor {
  std::string name;
  SafetensorsType type;
  std::vector<int64_t> shape;  // outermost first; []: one element
  uint64_t offset = 0;         // in the file
  uint64_t bytes = 0;
};

struct SafetensorsHeader {
  std::vector<std::pair<std::string, std::string>> metadata;
  std::vector<SafetensorsTensor> tensors;  // by offset: they cover the data without holes
};

// The header, checked: every tensor lies within the file, has the bytes of its shape, and begins where another ends.
// corrupt_file: "what, where, numbers"; the caller adds the file.
Result<SafetensorsHeader> parse_safetensors_header(const InputFile& file);

}  // namespace tritium
