// A file mapped into memory for reading. Pages are read when touched; a file of any size opens at once.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "tritium/status.hpp"

namespace tritium {

class MappedFile {
 public:
  // not_found or io_error with the system's reason; a directory or an empty file is an error.
  static Result<MappedFile> open(const std::string& path);

  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile();

  std::span<const std::byte> bytes() const { return {data_, size_}; }

 private:
  MappedFile(const std::byte* data, size_t size) : data_(data), size_(size) {}

  const std::byte* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace tritium
