// FolderLock: a folder that one process at a time may use. It is let go with the process, however that ends.
#pragma once

#include <string>
#include <utility>

#include "tritium/status.hpp"

namespace tritium::server {

class FolderLock {
 public:
  // invalid_argument: another process has it.
  static Result<FolderLock> take(const std::string& folder);
  FolderLock(FolderLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  FolderLock& operator=(FolderLock&&) = delete;
  ~FolderLock();

 private:
  explicit FolderLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace tritium::server
