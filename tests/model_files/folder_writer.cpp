#include "tests/model_files/folder_writer.h"

#include <algorithm>
#include <cstring>
#include <fstream>

#include "tensor/half.h"

namespace tritium {

void write_text(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

void FolderWriter::add(const std::string& name, std::vector<int64_t> shape, const std::vector<float>& values,
                       const std::string& type) {
  std::string bytes;
  for (const float v : values) {
    const uint16_t half = type == "F16" ? f32_to_f16(v) : f32_to_bf16(v);
    const char* p = type == "F32" ? reinterpret_cast<const char*>(&v) : reinterpret_cast<const char*>(&half);
    bytes.append(p, type == "F32" ? 4 : 2);
  }
  add_bytes(name, std::move(shape), type, std::move(bytes));
}

void FolderWriter::add_bytes(const std::string& name, std::vector<int64_t> shape, const std::string& type,
                             std::string bytes) {
  entries_.push_back({.name = name, .type = type, .bytes = std::move(bytes), .shape = std::move(shape)});
}

void FolderWriter::remove(const std::string& name) {
  std::erase_if(entries_, [&](const Entry& e) { return e.name == name; });
}

void FolderWriter::add_packed(const std::string& module, const std::vector<float>& values, int64_t rows,
                              float trit_size, float stored_scale) {
  const auto n_rows = static_cast<size_t>(rows), cols = values.size() / n_rows, quarter = n_rows / 4;
  std::string bytes(quarter * cols, '\0');
  for (size_t r = 0; r < n_rows; ++r)
    for (size_t c = 0; c < cols; ++c) {
      const int code = static_cast<int>(values[r * cols + c] / trit_size) + 1;
      char& byte = bytes[r % quarter * cols + c];
      byte = static_cast<char>(byte | code << (2 * (r / quarter)));
    }
  add_bytes(module + ".weight", {rows / 4, static_cast<int64_t>(cols)}, "U8", std::move(bytes));
  add(module + ".weight_scale", {1}, {stored_scale});
}

std::string FolderWriter::file_of(const std::vector<const Entry*>& entries) {
  std::string json = "{", data;
  for (const Entry* e : entries) {
    std::string shape;
    for (const int64_t d : e->shape) shape += (shape.empty() ? "" : ",") + std::to_string(d);
    json += std::string(json.size() > 1 ? "," : "") + "\"" + e->name + "\":{\"dtype\":\"" + e->type + "\",\"shape\":[" +
            shape + "],\"data_offsets\":[" + std::to_string(data.size()) + "," +
            std::to_string(data.size() + e->bytes.size()) + "]}";
    data += e->bytes;
  }
  json += "}";
  const uint64_t length = json.size();
  return std::string(reinterpret_cast<const char*>(&length), sizeof length) + json + data;
}

void FolderWriter::write(const std::filesystem::path& folder, const std::string& config, int n_shards) const {
  write_text(folder / "config.json", config);
  std::vector<std::vector<const Entry*>> shards(static_cast<size_t>(n_shards));
  for (size_t i = 0; i < entries_.size(); ++i) shards[i % shards.size()].push_back(&entries_[i]);
  if (n_shards == 1) return write_text(folder / "model.safetensors", file_of(shards[0]));
  std::string map;
  for (size_t s = 0; s < shards.size(); ++s) {
    const std::string name =
        "model-0000" + std::to_string(s + 1) + "-of-0000" + std::to_string(n_shards) + ".safetensors";
    write_text(folder / name, file_of(shards[s]));
    for (const Entry* e : shards[s]) map += (map.empty() ? "\"" : ",\"") + e->name + "\":\"" + name + "\"";
  }
  write_text(folder / "model.safetensors.index.json", "{\"metadata\":{\"total_size\":1},\"weight_map\":{" + map + "}}");
}

}  // namespace tritium
