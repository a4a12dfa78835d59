// Builds the bytes of GGUF files by hand, right or wrong: shares nothing with the writer it helps to test.
#pragma once

#include <cstdint>
#include <cstring>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "format/gguf.h"
#include "tests/support/temporary_folder.h"

namespace tritium {

// Numbers of value types in the file.
enum GgufKind : uint32_t { kU8, kI8, kU16, kI16, kU32, kI32, kF32, kBool, kString, kArray, kU64, kI64, kF64 };

class GgufBytes {
 public:
  GgufBytes(uint64_t n_tensors, uint64_t n_keys, uint32_t version = 3) {
    bytes = "GGUF";
    put(version).put(n_tensors).put(n_keys);
  }

  template <typename T>
  GgufBytes& put(T value) {
    bytes.append(reinterpret_cast<const char*>(&value), sizeof(T));
    return *this;
  }
  GgufBytes& text(std::string_view s) {
    put<uint64_t>(s.size());
    bytes += s;
    return *this;
  }
  // Follow with put() or text().
  GgufBytes& key(std::string_view name, GgufKind kind) { return text(name).put<uint32_t>(kind); }
  GgufBytes& array(std::string_view name, GgufKind kind, uint64_t n) {
    return key(name, kArray).put<uint32_t>(kind).put(n);
  }
  // Dimensions as in the file: row length first.
  GgufBytes& tensor(std::string_view name, const std::vector<uint64_t>& dims, uint32_t type, uint64_t offset) {
    text(name).put(static_cast<uint32_t>(dims.size()));
    for (uint64_t d : dims) put(d);
    return put(type).put(offset);
  }
  GgufBytes& align(size_t alignment = 32) {
    while (bytes.size() % alignment != 0) bytes += '\0';
    return *this;
  }
  GgufBytes& zeros(size_t n) {
    bytes.append(n, '\0');
    return *this;
  }
  GgufBytes& floats(const std::vector<float>& values) {
    for (float v : values) put(v);
    return *this;
  }

  std::string bytes;
};

inline void put_file(const std::string& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

// What open_gguf says about these bytes. The file stays open after its folder is gone.
inline Result<std::unique_ptr<TensorMap>> open_bytes(std::string_view bytes, const GgufOptions& options = {}) {
  const TemporaryFolder folder;
  put_file(folder.file("m.gguf"), bytes);
  return open_gguf(folder.file("m.gguf"), options);
}

// The message without the folder: "m.gguf: …".
inline std::string message_about(std::string_view bytes) {
  const std::string message = open_bytes(bytes).message();
  const size_t name = message.find("m.gguf: ");
  return name == std::string::npos ? message : message.substr(name);
}

// One f32 tensor "w" of four elements, and nothing else.
inline GgufBytes small_file() { return GgufBytes(1, 0).tensor("w", {4}, 0, 0).align().floats({1, 2, 3, 4}); }

}  // namespace tritium
