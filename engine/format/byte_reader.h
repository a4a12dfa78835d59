// Reads little-endian values from bytes that are not trusted: nothing is read beyond the end, and nothing is allocated
// that the bytes left could not fill, or that goes beyond the memory that a header may take. After an error every read
// gives 0 or "", so that a loop can check once.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "base/format_text.h"
#include "base/input_file.h"
#include "tritium/status.hpp"

namespace tritium {

class ByteReader {
 public:
  // What all that is read may take in memory. The vocabularies of the largest models take a tenth of it; 8-bit arrays
  // become eight times as large as they are in a file.
  static constexpr uint64_t kMostMemory = uint64_t{512} << 20;

  explicit ByteReader(std::span<const std::byte> bytes) : window_(bytes), size_(bytes.size()) {}
  // `file` must outlive this.
  explicit ByteReader(const InputFile& file) : file_(&file), size_(file.size()) {}

  template <typename T>
  T value(const char* what) {
    T v{};
    if (!need(sizeof(T), what)) return v;
    std::memcpy(&v, window_.data() + (at_ - window_start_), sizeof(T));
    at_ += sizeof(T);
    return v;
  }

  // A u64 length and that many bytes.
  std::string text(const char* what) {
    const auto length = value<uint64_t>(what);
    if (!has(length, what) || !take_memory(length, what) || !need(length, what)) return {};
    std::string s(reinterpret_cast<const char*>(window_.data() + (at_ - window_start_)), length);
    at_ += length;
    return s;
  }

  // A count of things that take at least `bytes_each` in the file, and so much in memory.
  uint64_t count(uint64_t n, uint64_t bytes_each, uint64_t memory_each, const char* what) {
    if (!status_.ok()) return 0;
    if (n > left() / bytes_each) {
      status_ = error(StatusCode::corrupt_file, n, " ", what, " announced at byte ", at_, ", but only ", left(),
                      " bytes are left: the file is damaged or cut off");
      return 0;
    }
    return take_memory(std::min(n, kMostMemory) * memory_each, what) ? n : 0;  // of which nothing wraps around
  }

  void fail(const Status& status) {
    if (status_.ok()) status_ = status;
  }
  uint64_t position() const { return at_; }
  uint64_t left() const { return size_ - at_; }
  uint64_t size() const { return size_; }
  bool ok() const { return status_.ok(); }
  const Status& status() const { return status_; }

 private:
  bool has(uint64_t n, const char* what) {
    if (!status_.ok()) return false;
    if (n <= left()) return true;
    status_ = error(StatusCode::corrupt_file, what, " at byte ", at_, " needs ", n, " bytes, but only ", left(),
                    " are left: the file is damaged or cut off");
    return false;
  }

  bool take_memory(uint64_t bytes, const char* what) {
    if (bytes <= kMostMemory - memory_) {
      memory_ += bytes;
      return true;
    }
    status_ = error(StatusCode::unsupported, what, " at byte ", at_, " need ", bytes >> 20, " MiB: a header may take ",
                    kMostMemory >> 20, " MiB in memory");
    return false;
  }

  // The next n bytes are there, and in the window.
  bool need(uint64_t n, const char* what) {
    if (!has(n, what)) return false;
    if (at_ + n <= window_start_ + window_.size()) return true;
    constexpr uint64_t kChunk = 1 << 16;
    buffer_.resize(std::min(left(), std::max(n, kChunk)));
    status_ = file_->read_at(at_, buffer_);
    window_ = buffer_;
    window_start_ = at_;
    return status_.ok();
  }

  const InputFile* file_ = nullptr;
  std::vector<std::byte> buffer_;
  std::span<const std::byte> window_;  // bytes from window_start_ on
  uint64_t window_start_ = 0;
  uint64_t size_ = 0;
  uint64_t at_ = 0;
  uint64_t memory_ = 0;
  Status status_;
};

}  // namespace tritium
