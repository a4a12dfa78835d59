// What `git clone` leaves in place of a large file where Git LFS is not installed: a text that points to it.
#pragma once

#include <string_view>

namespace tritium {

inline constexpr std::string_view kLfsPointer = "version https://git-lfs.github.com/";
inline constexpr std::string_view kLfsAdvice =
    "this is a pointer of Git LFS, not the file itself: fetch that, with `git lfs pull` or `hf download`";

// By the first bytes of a file, four of them or more.
constexpr bool begins_lfs_pointer(std::string_view bytes) {
  return bytes.size() >= 4 && kLfsPointer.starts_with(bytes.substr(0, kLfsPointer.size()));
}

}  // namespace tritium
