// Writes folders as Hugging Face keeps models, with small tensors.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "tensor/tensor_map.h"

namespace tritium {

class FolderWriter {
 public:
  // F32, F16 or BF16, rounded.
  void add(const std::string& name, std::vector<int64_t> shape, const std::vector<float>& values,
           const std::string& type = "F32");
  void add_bytes(const std::string& name, std::vector<int64_t> shape, const std::string& type, std::string bytes);
  void remove(const std::string& name);
  // Four trits in a byte, [rows / 4, cols], and a weight_scale of one value.
  void add_packed(const std::string& module, const std::vector<float>& values, int64_t rows, float trit_size,
                  float stored_scale);

  // config.json, and model.safetensors or, with `n_shards` > 1, shards and their index.
  void write(const std::filesystem::path& folder, const std::string& config, int n_shards = 1) const;

 private:
  struct Entry {
    std::string name, type, bytes;
    std::vector<int64_t> shape;
  };
  static std::string file_of(const std::vector<const Entry*>& entries);

  std::vector<Entry> entries_;
};

void write_text(const std::filesystem::path& path, const std::string& text);

}  // namespace tritium
