// A folder for the files of an experiment: the caller's, or a temporary one that is removed at the end. What an
// experiment needs while it works lies in NAME.work within, so that it meets no file of the caller's.
#pragma once

#include <string>

#include "base/lock_file.h"
#include "tritium/status.hpp"

namespace tritium::experiment {

class WorkFolder {
 public:
  // Makes both where they are missing. `path` empty: a new one below the system's temporary folder. io_error: another
  // experiment of that name is at work there.
  static Result<WorkFolder> take(const std::string& path, const std::string& name);

  WorkFolder(WorkFolder&& other) noexcept;
  WorkFolder& operator=(WorkFolder&&) = delete;
  ~WorkFolder();

  std::string file(const std::string& name) const;  // of a result, which stays
  std::string work_file(const std::string& name) const;

 private:
  WorkFolder(std::string path, std::string work, bool temporary)
      : path_(std::move(path)), work_(std::move(work)), temporary_(temporary) {}
  Status lock();

  std::string path_, work_;
  bool temporary_ = false;
  bool ours_ = false;  // the lock is held
  LockFile lock_;
};

}  // namespace tritium::experiment
