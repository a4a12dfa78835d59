// A file that grows at its end, piece by piece: the lines of a log. A piece that cannot be written whole is not there.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tritium/status.hpp"

namespace tritium {

class GrowingFile {
 public:
  GrowingFile() = default;  // none
  // One that is there.
  static Result<GrowingFile> open(const std::string& path);
  // One that is made where there is none, and which one process at a time has: invalid_argument while another does.
  static Result<GrowingFile> open_alone(const std::string& path);

  GrowingFile(GrowingFile&& other) noexcept;
  GrowingFile& operator=(GrowingFile&& other) noexcept;
  ~GrowingFile();

  // Nothing is left behind the first `bytes`.
  Status cut(uint64_t bytes);
  // Handed to the system before it returns. What follows begins where this did when it fails.
  Status append(std::string_view piece);
  // The same, and on the disk.
  Status append_to_disk(std::string_view piece);

 private:
  Status append(std::string_view piece, bool to_disk);

  std::string path_;
  int descriptor_ = -1;
};

}  // namespace tritium
