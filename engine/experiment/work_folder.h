// A folder for the files of an experiment: the caller's, or a temporary one that is removed at the end.
#pragma once

#include <string>

#include "tritium/status.hpp"

namespace tritium::experiment {

class WorkFolder {
 public:
  // Makes it where it is missing. Empty: a new one below the system's temporary folder.
  static Result<WorkFolder> take(const std::string& path);

  WorkFolder(WorkFolder&& other) noexcept;
  WorkFolder& operator=(WorkFolder&&) = delete;
  ~WorkFolder();

  std::string file(const std::string& name) const;

 private:
  WorkFolder(std::string path, bool temporary) : path_(std::move(path)), temporary_(temporary) {}

  std::string path_;
  bool temporary_ = false;
};

}  // namespace tritium::experiment
