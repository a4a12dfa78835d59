#include "experiment/work_folder.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

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
  return folder;
}

// Whoever ends removes the file that another has opened just now: then that one opens it anew.
Status WorkFolder::lock() {
  const std::string path = work_file(kLock);
  constexpr int kTries = 100;
  for (int i = 0; i < kTries; ++i) {
    std::error_code none;
    std::filesystem::create_directories(work_, none);
    do lock_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    while (lock_ < 0 && errno == EINTR);
    if (lock_ < 0) return cannot(path, "cannot be made");
    bool locked = false;
    do locked = ::flock(lock_, LOCK_EX | LOCK_NB) == 0;
    while (!locked && errno == EINTR);
    if (!locked && errno != EWOULDBLOCK) return Status();  // a file system without locks
    struct stat ours {
    }, named{};
    if (locked && ::fstat(lock_, &ours) == 0 && ::stat(path.c_str(), &named) == 0 && ours.st_ino == named.st_ino)
      return Status();
    ::close(std::exchange(lock_, -1));
    if (!locked) break;
  }
  return error(StatusCode::io_error, path_,
               ": another experiment works in this folder; wait until it has ended, or name another one (-o)");
}

WorkFolder::WorkFolder(WorkFolder&& other) noexcept
    : path_(std::move(other.path_)),
      work_(std::move(other.work_)),
      temporary_(std::exchange(other.temporary_, false)),
      lock_(std::exchange(other.lock_, -1)) {}

WorkFolder::~WorkFolder() {
  std::error_code none;
  if (temporary_) std::filesystem::remove_all(path_, none);
  if (lock_ < 0) return;
  if (!temporary_) {  // what is no plain file is not ours
    for (const auto& entry : std::filesystem::directory_iterator(work_, none))
      if (entry.is_regular_file(none)) std::filesystem::remove(entry.path(), none);
    std::filesystem::remove(work_, none);
  }
  ::close(lock_);
}

std::string WorkFolder::file(const std::string& name) const { return (std::filesystem::path(path_) / name).string(); }

std::string WorkFolder::work_file(const std::string& name) const {
  return (std::filesystem::path(work_) / name).string();
}

}  // namespace tritium::experiment
