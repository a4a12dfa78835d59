// Reads little-endian values from bytes that are not trusted: nothing is read beyond the end, nothing is allocated that
// the bytes left could not fill. After an error every read gives 0 or "", so that a loop can check once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>

#include "base/format_text.h"
#include "tritium/status.hpp"

namespace tritium {

class ByteReader {
 public:
  explicit ByteReader(std::span<const std::byte> bytes) : bytes_(bytes) {}

  template <typename T>
  T value(const char* what) {
    T v{};
    if (!need(sizeof(T), what)) return v;
    std::memcpy(&v, bytes_.data() + at_, sizeof(T));
    at_ += sizeof(T);
    return v;
  }

  // A u64 length and that many bytes.
  std::string text(const char* what) {
    const auto length = value<uint64_t>(what);
    if (!need(length, what)) return {};
    std::string s(reinterpret_cast<const char*>(bytes_.data() + at_), length);
    at_ += length;
    return s;
  }

  // A count of things that take at least `bytes_each`.
  uint64_t count(uint64_t n, uint64_t bytes_each, const char* what) {
    if (!status_.ok()) return 0;
    if (n > left() / bytes_each) {
      status_ = error(StatusCode::corrupt_file, n, " ", what, " announced at byte ", at_, ", but only ", left(),
                      " bytes are left: the file is damaged or cut off");
      return 0;
    }
    return n;
  }

  void fail(const Status& status) {
    if (status_.ok()) status_ = status;
  }
  size_t position() const { return at_; }
  uint64_t left() const { return bytes_.size() - at_; }
  bool ok() const { return status_.ok(); }
  const Status& status() const { return status_; }

 private:
  bool need(uint64_t n, const char* what) {
    if (!status_.ok()) return false;
    if (n <= left()) return true;
    status_ = error(StatusCode::corrupt_file, what, " at byte ", at_, " needs ", n, " bytes, but only ", left(),
                    " are left: the file is damaged or cut off");
    return false;
  }

  std::span<const std::byte> bytes_;
  size_t at_ = 0;
  Status status_;
};

}  // namespace tritium
