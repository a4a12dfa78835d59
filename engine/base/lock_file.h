// A file that one process at a time holds locked, and removes when it ends: a folder that is worked in.
#pragma once

#include <string>

#include "tritium/status.hpp"

namespace tritium {

class LockFile {
 public:
  enum class Held { ours, others, unknown };  // unknown: the file system knows no locks

  LockFile() = default;  // holds nothing
  LockFile(LockFile&& other) noexcept;
  LockFile& operator=(LockFile&& other) noexcept;
  ~LockFile();  // removes the file, and lets go of it

  // Makes the file, in a folder that is there. Does not wait. With `others` nothing is held. io_error: it cannot be
  // made.
  Result<Held> take(const std::string& path);
  // What the system said where it is unknown (base/system_error.h).
  int problem() const { return problem_; }

 private:
  void release();

  std::string path_;
  int descriptor_ = -1;
  int problem_ = 0;
};

}  // namespace tritium
