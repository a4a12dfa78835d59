#include "experiment/work_folder.h"

#include <stdlib.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "base/format_text.h"

namespace tritium::experiment {
namespace {

constexpr const char* kLock = "lock";

Status cannot(const std::string& path, const char* what) {
  return error(StatusCode::io_error, path, ": ", what, ": ", std::strerror(errno));
}

Result<std::string> temporary_folder() {
  std::error_code problem;
  const std::filesystem::path below = std::filesystem::temp_directory_path(problem);
  if (problem) return error(StatusCode::io_error, "there is no temporary folder: ", problem.message());
  std::string name = (below / "tritium-experiment-XXXXXX").string();
  if (!::mkdtemp(name.data())) return cannot(name, "a temporary folder cannot be made");
  return name;
}

}  // namespace

Result<WorkFolder> WorkFolder::take(const std::string& path, const std::string& name) {
  const bool temporary = path.empty();
  Result<std::string> outer = temporary ? temporary_folder() : Result<std::string>(path);
  if (!outer.ok()) return outer.status();
  WorkFolder folder(*outer, (std::filesystem::path(*outer) / (name + ".work")).string(), temporary);
  std::error_code problem;
  std::filesystem::create_directories(folder.work_, problem);
  if (problem) return error(StatusCode::io_error, folder.work_, ": cannot be made: ", problem.message());
  if (Status s = folder.lock(); !s.ok()) return s;
  folder.ours_ = true;
  return folder;
}

Status WorkFolder::lock() {
  const Result<LockFile::Held> held = lock_.take(work_file(kLock));
  if (!held.ok()) return held.status();
  if (*held != LockFile::Held::others) return Status();
  return error(StatusCode::io_error, path_,
               ": another experiment works in this folder; wait until it has ended, or name another one (-o)");
}

WorkFolder::WorkFolder(WorkFolder&& other) noexcept
    : path_(std::move(other.path_)),
      work_(std::move(other.work_)),
      temporary_(std::exchange(other.temporary_, false)),
      ours_(std::exchange(other.ours_, false)),
      lock_(std::move(other.lock_)) {}

WorkFolder::~WorkFolder() {
  std::error_code none;
  if (temporary_) std::filesystem::remove_all(path_, none);
  if (!ours_ || temporary_) return;
  for (const auto& entry : std::filesystem::directory_iterator(work_, none))  // what is no plain file is not ours
    if (entry.is_regular_file(none)) std::filesystem::remove(entry.path(), none);
  lock_ = {};
  std::filesystem::remove(work_, none);
}

std::string WorkFolder::file(const std::string& name) const { return (std::filesystem::path(path_) / name).string(); }

std::string WorkFolder::work_file(const std::string& name) const {
  return (std::filesystem::path(work_) / name).string();
}

}  // namespace tritium::experiment
