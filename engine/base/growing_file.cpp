#include "base/growing_file.h"

#include <utility>

namespace tritium {

GrowingFile::GrowingFile(GrowingFile&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

GrowingFile& GrowingFile::operator=(GrowingFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

Status GrowingFile::append(std::string_view piece) { return append(piece, false); }
Status GrowingFile::append_to_disk(std::string_view piece) { return append(piece, true); }

}  // namespace tritium
