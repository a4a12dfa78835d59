#include "base/atomic_file.h"

#include <fcntl.h>
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
#include "base/format_text.h"

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

struct Opened {
  int fd;
  std::string name;
};

// A new file beside `path`: never one, nor a link, that somebody put there.
Opened open_beside(const std::string& path, mode_t mode) {
  constexpr int kTries = 100;
  Opened opened{-1, {}};
  for (int i = 0; i < kTries && opened.fd < 0 && (i == 0 || errno == EEXIST); ++i) {
    opened.name = join(path, ".", std::hex, unique_number(), ".tmp");
    opened.fd = ::open(opened.name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  }
  return opened;
}

}  // namespace

Result<AtomicFile> AtomicFile::create(const std::string& path) {
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
  constexpr mode_t kPermissions = S_IRWXU | S_IRWXG | S_IRWXO;
  const Opened file = open_beside(target, exists ? S_IRUSR | S_IWUSR : S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH);
  if (file.fd < 0) return system_error(path, "cannot create");
  // Refused by file systems without permissions, where nothing is lost.
  if (exists) ::fchmod(file.fd, info.st_mode & kPermissions);
  return AtomicFile(target, file.name, file.fd);
}

AtomicFile::AtomicFile(AtomicFile&& other) noexcept
    : path_(std::move(other.path_)), temporary_(std::move(other.temporary_)), fd_(std::exchange(other.fd_, -1)) {}

AtomicFile::~AtomicFile() {
  if (fd_ < 0) return;
  ::close(fd_);
  if (temporary_ != path_) ::unlink(temporary_.c_str());
}

Status AtomicFile::write(std::span<const std::byte> data) {
  while (!data.empty()) {
    const ssize_t written = ::write(fd_, data.data(), data.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return system_error(path_, "cannot write");
    data = data.subspan(static_cast<size_t>(written));
  }
  return Status();
}

Status AtomicFile::commit() {
  const bool in_place = temporary_ == path_;
  if (!in_place && ::fsync(fd_) != 0) return system_error(path_, "cannot flush to the disk");
  const bool closed = ::close(std::exchange(fd_, -1)) == 0;
  if (!closed || (!in_place && ::rename(temporary_.c_str(), path_.c_str()) != 0)) {
    Status status = system_error(path_, "cannot finish writing");
    if (!in_place) ::unlink(temporary_.c_str());
    return status;
  }
  return Status();
}

Status write_file(const std::string& path, std::string_view text) {
  Result<AtomicFile> file = AtomicFile::create(path);
  if (!file.ok()) return file.status();
  if (Status s = file->write(std::as_bytes(std::span(text))); !s.ok()) return s;
  return file->commit();
}

}  // namespace tritium
