#include "experiment/work_folder.h"

#include <filesystem>
#include <utility>

#include "base/folder.h"
#include "base/format_text.h"
#include "base/path.h"

namespace tritium::experiment {
namespace {

constexpr const char* kLock = "lock";

}  // namespace

Result<WorkFolder> WorkFolder::take(const std::string& path, const std::string& name) {
  const bool temporary = path.empty();
  Result<std::string> outer = temporary ? make_temporary_folder("tritium-experiment-") : Result<std::string>(path);
  if (!outer.ok()) return outer.status();
  WorkFolder folder(*outer, path_in(*outer, name + ".work"), temporary);
  std::error_code problem;
  std::filesystem::create_directories(path_of(folder.work_), problem);
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
  if (temporary_) std::filesystem::remove_all(path_of(path_), none);
  if (!ours_ || temporary_) return;
  for (const auto& entry :
       std::filesystem::directory_iterator(path_of(work_), none))  // what is no plain file is not ours
    if (entry.is_regular_file(none)) std::filesystem::remove(entry.path(), none);
  lock_ = {};
  std::filesystem::remove(path_of(work_), none);
}

std::string WorkFolder::file(const std::string& name) const { return path_in(path_, name); }

std::string WorkFolder::work_file(const std::string& name) const { return path_in(work_, name); }

}  // namespace tritium::experiment
