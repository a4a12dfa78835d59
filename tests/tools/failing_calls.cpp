// A library to preload: system calls of one kind fail, the n-th alone or more of them. Of files and folders below one
// folder only; what belongs to the system is left alone.
//
//   FAILING_CALLS_UNDER   the folder, without links on the way
//   FAILING_CALLS_KIND    open (folders, too), read (at a place, too), write, fsync, close, rename, stat, lock,
//   truncate,
//                         unlink, mkdir, reserve (blocks of a file) or map
//   FAILING_CALLS_AT      which, from 1 on; without it none
//   FAILING_CALLS_EVERY   when set: and every so many-th after it
//   FAILING_CALLS_ERROR   errno
//   FAILING_CALLS_COUNT   file that gets the number of calls of that kind, in the end
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

std::atomic<long> g_calls{0};

std::string_view setting(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

long number(const char* name) { return std::atol(std::string(setting(name)).c_str()); }

// The system's own function of that name, behind this one.
template <typename F>
F* real(const char* name) {
  return reinterpret_cast<F*>(dlsym(RTLD_NEXT, name));
}

bool is_meant(std::string_view path) {
  static const std::string_view folder = setting("FAILING_CALLS_UNDER");
  return !folder.empty() && path.starts_with(folder);
}

bool is_meant(int descriptor) {
  char target[4096];
  const std::string link = "/proc/self/fd/" + std::to_string(descriptor);
  const ssize_t length = readlink(link.c_str(), target, sizeof target);
  return length > 0 && is_meant(std::string_view(target, static_cast<size_t>(length)));
}

// Whether this call of that kind, on a path or a descriptor, is one to fail.
template <typename Where>
bool fails(std::string_view kind, Where where) {
  static const std::string_view chosen = setting("FAILING_CALLS_KIND");
  static const long at = number("FAILING_CALLS_AT"), every = number("FAILING_CALLS_EVERY");
  static const int problem = static_cast<int>(number("FAILING_CALLS_ERROR"));
  if (kind != chosen) return false;
  const int before = errno;
  const bool meant = is_meant(where);
  errno = before;
  if (!meant) return false;
  const long after = ++g_calls - at;  // calls since the first that fails
  if (at == 0 || after < 0 || (after > 0 && (every == 0 || after % every != 0))) return false;
  errno = problem;
  return true;
}

[[gnu::destructor]] void write_count() {
  const std::string path(setting("FAILING_CALLS_COUNT"));
  static auto* const open = real<std::FILE*(const char*, const char*)>("fopen");
  std::FILE* file = path.empty() ? nullptr : open(path.c_str(), "w");
  if (!file) return;
  std::fprintf(file, "%ld\n", g_calls.load());
  std::fclose(file);
}

}  // namespace

extern "C" {

int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
  va_end(arguments);
  static auto* const call = real<int(const char*, int, ...)>("open");
  return fails("open", path) ? -1 : call(path, flags, mode);
}

std::FILE* fopen64(const char* path, const char* mode) {
  static auto* const call = real<std::FILE*(const char*, const char*)>("fopen64");
  return fails("open", path) ? nullptr : call(path, mode);
}

DIR* opendir(const char* path) {
  static auto* const call = real<DIR*(const char*)>("opendir");
  return fails("open", path) ? nullptr : call(path);
}

ssize_t read(int descriptor, void* bytes, size_t size) {
  static auto* const call = real<ssize_t(int, void*, size_t)>("read");
  return fails("read", descriptor) ? -1 : call(descriptor, bytes, size);
}

ssize_t pread(int descriptor, void* bytes, size_t size, off_t offset) {
  static auto* const call = real<ssize_t(int, void*, size_t, off_t)>("pread");
  return fails("read", descriptor) ? -1 : call(descriptor, bytes, size, offset);
}

ssize_t write(int descriptor, const void* bytes, size_t size) {
  static auto* const call = real<ssize_t(int, const void*, size_t)>("write");
  return fails("write", descriptor) ? -1 : call(descriptor, bytes, size);
}

int fsync(int descriptor) {
  static auto* const call = real<int(int)>("fsync");
  return fails("fsync", descriptor) ? -1 : call(descriptor);
}

// It closes nevertheless, as the system does.
int close(int descriptor) {
  static auto* const call = real<int(int)>("close");
  const bool failing = fails("close", descriptor);
  const int problem = errno, result = call(descriptor);
  if (failing) errno = problem;
  return failing ? -1 : result;
}

int rename(const char* from, const char* to) noexcept {
  static auto* const call = real<int(const char*, const char*)>("rename");
  return fails("rename", to) ? -1 : call(from, to);
}

int stat(const char* path, struct stat* info) noexcept {
  static auto* const call = real<int(const char*, struct stat*)>("stat");
  return fails("stat", path) ? -1 : call(path, info);
}

int lstat(const char* path, struct stat* info) noexcept {
  static auto* const call = real<int(const char*, struct stat*)>("lstat");
  return fails("stat", path) ? -1 : call(path, info);
}

int fstat(int descriptor, struct stat* info) noexcept {
  static auto* const call = real<int(int, struct stat*)>("fstat");
  return fails("stat", descriptor) ? -1 : call(descriptor, info);
}

int flock(int descriptor, int how) noexcept {
  static auto* const call = real<int(int, int)>("flock");
  return fails("lock", descriptor) ? -1 : call(descriptor, how);
}

int ftruncate(int descriptor, off_t size) noexcept {
  static auto* const call = real<int(int, off_t)>("ftruncate");
  return fails("truncate", descriptor) ? -1 : call(descriptor, size);
}

int unlink(const char* path) noexcept {
  static auto* const call = real<int(const char*)>("unlink");
  return fails("unlink", path) ? -1 : call(path);
}

int mkdir(const char* path, mode_t mode) noexcept {
  static auto* const call = real<int(const char*, mode_t)>("mkdir");
  return fails("mkdir", path) ? -1 : call(path, mode);
}

int fallocate(int descriptor, int mode, off_t offset, off_t size) {
  static auto* const call = real<int(int, int, off_t, off_t)>("fallocate");
  return fails("reserve", descriptor) ? -1 : call(descriptor, mode, offset, size);
}

void* mmap(void* address, size_t size, int protection, int flags, int descriptor, off_t offset) noexcept {
  static auto* const call = real<void*(void*, size_t, int, int, int, off_t)>("mmap");
  return descriptor >= 0 && fails("map", descriptor) ? MAP_FAILED
                                                     : call(address, size, protection, flags, descriptor, offset);
}

}  // extern "C"
