// Reads a .npy file of float32 values: the expected logits of a model.
#pragma once

#include <cstring>
#include <string>
#include <vector>

#include "base/input_file.h"

namespace tritium {

// Empty: it is no such file.
inline std::vector<float> read_npy(const std::string& path) {
  const Result<std::string> bytes = read_file(path);
  if (!bytes.ok() || bytes->size() < 10 || bytes->find("'<f4'") == std::string::npos) return {};
  const size_t start =
      10 + static_cast<uint8_t>((*bytes)[8]) + 256 * static_cast<size_t>(static_cast<uint8_t>((*bytes)[9]));
  std::vector<float> values((bytes->size() - start) / sizeof(float));
  std::memcpy(values.data(), bytes->data() + start, values.size() * sizeof(float));
  return values;
}

}  // namespace tritium
