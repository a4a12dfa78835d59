// What fuzz targets are made of: reading choices from a fuzzer's bytes, and files that are not on a disk.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace tritium::fuzz {

// Bytes as a stream of choices; at its end every choice is 0.
class Choices {
 public:
  explicit Choices(std::string_view bytes) : bytes_(bytes) {}

  bool empty() const { return bytes_.empty(); }
  template <typename T>
  T take() {
    T value{};
    const std::string_view some = text(sizeof(T));
    if (!some.empty()) std::memcpy(&value, some.data(), some.size());
    return value;
  }
  // Of 0 … n - 1; n >= 1.
  size_t below(size_t n) { return take<uint16_t>() % n; }
  bool flag() { return (take<uint8_t>() & 1) != 0; }
  std::string_view text(size_t n) {
    const std::string_view some = bytes_.substr(0, std::min(n, bytes_.size()));
    bytes_.remove_prefix(some.size());
    return some;
  }
  // A length, and as many bytes.
  std::string_view short_text() { return text(take<uint8_t>() % 33); }
  std::string_view rest() { return text(bytes_.size()); }

 private:
  std::string_view bytes_;
};

// A file in memory, with a path; gone with the object.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view bytes);
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile();
  const std::string& path() const { return path_; }

 private:
  int file_ = -1;
  std::string path_;
};

// Ends the process with what was promised and did not hold: what a fuzzer looks for.
void require(bool held, const char* promise);

// The target: tries one input. It returns; what breaks a promise does not.
void try_input(std::string_view bytes);

}  // namespace tritium::fuzz
