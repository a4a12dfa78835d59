// A file as memory, for files that only this program writes, by renaming: one that is cut off while it is mapped ends
// the process that reads it. Everything else is read through InputFile.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "tritium/status.hpp"

namespace tritium {

class MappedFile {
 public:
  // A regular file, for reading. not_found or io_error with the system's reason.
  static Result<MappedFile> open(const std::string& path);

  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&&) = delete;
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile();

  std::span<const std::byte> bytes() const { return bytes_; }
  // Maps pages at once that would be mapped one by one when they are read. `part` begins at a page.
  static void populate(std::span<const std::byte> part);

 private:
  explicit MappedFile(std::span<const std::byte> bytes) : bytes_(bytes) {}

  std::span<const std::byte> bytes_;
};

}  // namespace tritium
