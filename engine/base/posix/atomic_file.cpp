#include "base/atomic_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "base/format_text.h"
#include "base/path.h"
#include "base/system_error.h"
#include "base/temporary_name.h"

namespace tritium {
namespace {

// Where links lead, also when nothing is there yet.
std::string end_of_links(const std::string& path) {
  namespace fs = std::filesystem;
  constexpr int kMostLinks = 40;  // as the system follows
  std::error_code no_link;
  fs::path at = path;
  for (int i = 0; i < kMostLinks; ++i) {
    const fs::path target = fs::read_symlink(at, no_link);
    if (no_link) break;
    at = at.parent_path() / target;
  }
  return at.string();
}

int open_again(const char* path, int flags, mode_t mode = 0) {
  int fd = -1;
  do fd = ::open(path, flags, mode);
  while (fd < 0 && errno == EINTR);
  return fd;
}

// Locked by whoever writes it, for as long as that process lives. Where files cannot be locked nobody gets the lock.
bool lock(int fd, int how) {
  int result = -1;
  do result = ::flock(fd, how);
  while (result != 0 && errno == EINTR);
  return result == 0;
}

struct Opened {
  int fd;
  std::string name;
};

// A new file beside `path`: never one, nor a link, that somebody put there.
Opened open_beside(const std::filesystem::path& path, mode_t mode) {
  constexpr int kTries = 100;
  for (int i = 0; i < kTries; ++i) {
    const std::string name = (path.parent_path() / new_temporary_name(path.filename().string())).string();
    const int fd = open_again(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0 && errno == EEXIST) continue;
    if (fd < 0) return {-1, {}};
    struct stat info {};
    // Somebody may have taken it for abandoned before it was locked.
    if (!lock(fd, LOCK_EX) || ::fstat(fd, &info) != 0 || info.st_nlink > 0) return {fd, name};
    ::close(fd);
  }
  errno = EEXIST;
  return {-1, {}};
}

// What the replaced file allowed to whom. Refused by file systems without permissions, where nothing is lost.
void take_over_permissions(int fd, const struct stat& replaced) {
  constexpr mode_t kPermissions = S_IRWXU | S_IRWXG | S_IRWXO;
  mode_t mode = replaced.st_mode & kPermissions;
  struct stat now {};
  const bool same_group = ::fstat(fd, &now) == 0 && now.st_gid == replaced.st_gid;
  // What its group could do is nothing that another group may do.
  if (::fchown(fd, replaced.st_uid, replaced.st_gid) != 0 && !same_group)
    mode = (mode & ~mode_t{S_IRWXG}) | ((mode & S_IRWXO) << 3);
  ::fchmod(fd, mode);
}

Status flush_to_disk(int fd, const std::string& path) {
  int result = -1;
  do result = ::fsync(fd);
  while (result != 0 && errno == EINTR);
  return result == 0 ? Status() : system_error(path, "cannot flush to the disk");
}

// The folder of a file, which keeps names: flushed after a rename, the new name outlives a loss of power.
class Folder {
 public:
  explicit Folder(const std::string& path)
      : fd_(open_again(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)), problem_(fd_ < 0 ? errno : 0) {}
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    if (fd_ >= 0) ::close(fd_);
  }
  // One that may be written and not read cannot be flushed, which is no reason not to write into it.
  bool usable() const { return problem_ == 0 || problem_ == EACCES || problem_ == EPERM; }
  const char* problem() const { return std::strerror(problem_); }
  // false with errno. File systems that do not flush folders say so in one of these ways.
  bool flush() const {
    if (fd_ < 0) return true;
    int result = -1;
    do result = ::fsync(fd_);
    while (result != 0 && errno == EINTR);
    return result == 0 || errno == EINVAL || errno == EBADF || errno == ENOSYS || errno == EOPNOTSUPP;
  }

 private:
  int fd_, problem_;
};

}  // namespace

Result<AtomicFile> AtomicFile::create(const std::string& path) {
  if (path.empty()) return error(StatusCode::invalid_argument, "the output has no name");
  struct stat info {};
  const bool exists = ::stat(path.c_str(), &info) == 0;
  if (!exists && errno != ENOENT) return system_error(path, "cannot create");
  if (exists && S_ISDIR(info.st_mode)) return error(StatusCode::io_error, path, ": is a folder; name a file in it");
  // By its permissions, which the superuser could pass over.
  constexpr mode_t kWritable = S_IWUSR | S_IWGRP | S_IWOTH;
  if (exists && (info.st_mode & kWritable) == 0)
    return error(StatusCode::io_error, path, ": is read-only; write to another file, or allow writing to it first");
  if (exists && !S_ISREG(info.st_mode)) {
    const int device = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (device < 0) return system_error(path, "cannot open");
    return AtomicFile(path, path, device);
  }
  const std::string target = end_of_links(path);
  const std::string name = std::filesystem::path(target).filename().string().substr(0, kLongestName);
  remove_abandoned(folder_of(target), [&name](std::string_view other) { return other == name; });
  const Opened file = open_beside(target, exists ? S_IRUSR | S_IWUSR : S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH);
  if (file.fd < 0) return system_error(path, "cannot create");
  if (exists) take_over_permissions(file.fd, info);
  return AtomicFile(target, file.name, file.fd);
}

void AtomicFile::discard() {
  if (fd_ < 0) return;
  if (temporary_ != path_) ::unlink(temporary_.c_str());
  ::close(std::exchange(fd_, -1));
}

Status AtomicFile::write_at(uint64_t offset, std::span<const std::byte> data) {
  if (::lseek(fd_, static_cast<off_t>(offset), SEEK_SET) < 0) return system_error(path_, "cannot write at a place");
  return write(data);
}

void AtomicFile::give_up_name() {
  if (temporary_ != path_) ::unlink(temporary_.c_str());
}

Status AtomicFile::flush() { return temporary_ == path_ ? Status() : flush_to_disk(fd_, path_); }

Status AtomicFile::take_name(bool flushed) {
  if (Status s = flushed ? flush() : Status(); !s.ok()) return s;
  if (temporary_ == path_) {
    const bool closed = ::close(std::exchange(fd_, -1)) == 0;
    return closed ? Status() : system_error(path_, "cannot finish writing");
  }
  // Opened first: after the rename it would be too late to fail.
  const Folder folder(folder_of(path_));
  if (!folder.usable()) return error(StatusCode::io_error, path_, ": cannot open its folder: ", folder.problem());
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) {
    Status status = system_error(path_, "cannot finish writing");
    discard();
    return status;
  }
  // Closed after it has its name: unlocked under the other one it would be taken for abandoned. What it holds is on the
  // disk, or checked when it is read, so that closing has nothing more to say.
  ::close(std::exchange(fd_, -1));
  if (!flushed || folder.flush()) return Status();
  return error(StatusCode::io_error, path_,
               ": is written, but its folder cannot be flushed to the disk: ", std::strerror(errno),
               "; after a loss of power what stood there before may be back");
}

bool remove_if_abandoned(const std::string& path) {
  const int fd = open_again(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return false;
  const bool removed = lock(fd, LOCK_EX | LOCK_NB) && ::unlink(path.c_str()) == 0;
  ::close(fd);
  return removed;
}

}  // namespace tritium
