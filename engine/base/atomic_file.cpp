#include "base/atomic_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <utility>

#include "base/counter_rng.h"
#include "base/disk_space.h"
#include "base/folder.h"
#include "base/format_text.h"
#include "base/write_all.h"

namespace tritium {
namespace {

Status system_error(const std::string& path, const char* what) {
  return error(StatusCode::io_error, path, ": ", what, ": ", std::strerror(errno));
}

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

// A number that others cannot guess; without the system's randomness still one that this process does not use twice.
uint64_t unique_number() {
  static std::atomic<uint64_t> calls{0};
  uint64_t seed = 0;
  if (::getentropy(&seed, sizeof seed) != 0)
    seed = static_cast<uint64_t>(std::chrono::system_clock::now().time_since_epoch().count()) ^
           (static_cast<uint64_t>(::getpid()) << 40);
  return random_bits(seed, calls++);
}

// ".NAME.0123456789abcdef.tmp"; of a name that would become too long, its beginning.
constexpr size_t kLongestName = 200, kDigits = 16;
constexpr std::string_view kEnding = ".tmp";

std::string temporary_name_of(std::string_view name, uint64_t number) {
  std::string digits = join(std::hex, number);
  digits.insert(0, kDigits - digits.size(), '0');
  return join(".", name.substr(0, kLongestName), ".", digits, kEnding);
}

// The name that a temporary file is written for; empty: it is none.
std::string_view name_behind(std::string_view temporary) {
  constexpr size_t kAdded = 1 + 1 + kDigits + kEnding.size();
  if (temporary.size() <= kAdded || temporary.front() != '.' || !temporary.ends_with(kEnding)) return {};
  const std::string_view digits = temporary.substr(temporary.size() - kEnding.size() - kDigits, kDigits);
  const std::string_view name = temporary.substr(1, temporary.size() - kAdded);
  const bool numbered = digits.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  return numbered && temporary[1 + name.size()] == '.' ? name : std::string_view();
}

std::string folder_of(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
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
    const std::string name =
        (path.parent_path() / temporary_name_of(path.filename().string(), unique_number())).string();
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

AtomicFile::AtomicFile(AtomicFile&& other) noexcept
    : path_(std::move(other.path_)), temporary_(std::move(other.temporary_)), fd_(std::exchange(other.fd_, -1)) {}

AtomicFile::~AtomicFile() { discard(); }

void AtomicFile::discard() {
  if (fd_ < 0) return;
  if (temporary_ != path_) ::unlink(temporary_.c_str());
  ::close(std::exchange(fd_, -1));
}

Status AtomicFile::write(std::span<const std::byte> data) {
  return write_all(fd_, data) ? Status() : system_error(path_, "cannot write");
}

Status AtomicFile::write_at(uint64_t offset, std::span<const std::byte> data) {
  if (::lseek(fd_, static_cast<off_t>(offset), SEEK_SET) < 0) return system_error(path_, "cannot write at a place");
  return write(data);
}

Status AtomicFile::reserve(uint64_t bytes) {
  if (temporary_ == path_) return Status();
  const int problem = reserve_blocks(fd_, temporary_, bytes);
  if (problem == 0) return Status();
  const std::optional<uint64_t> free = problem == ENOSPC ? free_disk_bytes(temporary_) : std::nullopt;
  return error(StatusCode::io_error, path_, ": no room for its ", bytes, " bytes",
               free ? join(" (", *free, " are free)") : "", ": ", std::strerror(problem),
               "; make room, or name a file on another disk");
}

void AtomicFile::give_up_name() {
  if (temporary_ != path_) ::unlink(temporary_.c_str());
}

Status AtomicFile::flush() { return temporary_ == path_ ? Status() : flush_to_disk(fd_, path_); }

Status AtomicFile::commit() { return take_name(true); }
Status AtomicFile::commit_unflushed() { return take_name(false); }

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

Status write_file(const std::string& path, std::string_view text) {
  Result<AtomicFile> file = AtomicFile::create(path);
  if (!file.ok()) return file.status();
  if (Status s = file->write(std::as_bytes(std::span(text))); !s.ok()) return s;
  return file->commit();
}

void remove_abandoned(const std::string& folder, const std::function<bool(std::string_view name)>& is_mine) {
  const Result<std::vector<std::string>> names = names_in(folder);
  if (!names.ok()) return;  // what cannot be read or removed does no harm
  for (const std::string& temporary : *names) {
    const std::string_view name = name_behind(temporary);
    if (name.empty() || !is_mine(name)) continue;
    const std::string path = (std::filesystem::path(folder) / temporary).string();
    const int fd = open_again(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) continue;
    if (lock(fd, LOCK_EX | LOCK_NB)) ::unlink(path.c_str());
    ::close(fd);
  }
}

}  // namespace tritium
