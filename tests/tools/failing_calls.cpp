// A library to preload: the n-th system call of a kind fails, alone or with all that follow. Of files and folders only;
// pipes, terminals and what belongs to the system are left alone.
//
//   FAILING_CALLS_KIND    open, read (at a place, too), write, fsync, close or rename
//   FAILING_CALLS_AT      which, from 1 on; without it none
//   FAILING_CALLS_ERROR   errno
//   FAILING_CALLS_ONWARDS when set: and all that follow
//   FAILING_CALLS_COUNT   file that gets the number of calls of that kind, in the end
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

namespace {

std::atomic<long> g_calls{0};

std::string_view setting(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

// The system's own function of that name, behind this one.
template <typename F>
F* real(const char* name) {
  return reinterpret_cast<F*>(dlsym(RTLD_NEXT, name));
}

bool fails(std::string_view kind) {
  static const std::string_view chosen = setting("FAILING_CALLS_KIND");
  static const long at = std::atol(std::string(setting("FAILING_CALLS_AT")).c_str());
  static const bool onwards = !setting("FAILING_CALLS_ONWARDS").empty();
  if (kind != chosen) return false;
  const long call = ++g_calls;
  if (at == 0 || call < at || (call > at && !onwards)) return false;
  errno = std::atoi(std::string(setting("FAILING_CALLS_ERROR")).c_str());
  return true;
}

bool is_file(int descriptor) {
  struct stat info {};
  return descriptor > STDERR_FILENO && fstat(descriptor, &info) == 0 &&
         (S_ISREG(info.st_mode) || S_ISDIR(info.st_mode));
}

bool is_of_the_system(std::string_view path) {
  for (const std::string_view folder : {"/proc/", "/sys/", "/dev/", "/usr/", "/etc/", "/lib"})
    if (path.starts_with(folder)) return true;
  return false;
}

[[gnu::destructor]] void write_count() {
  const std::string path(setting("FAILING_CALLS_COUNT"));
  std::FILE* file = path.empty() ? nullptr : std::fopen(path.c_str(), "w");
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
  return !is_of_the_system(path) && fails("open") ? -1 : call(path, flags, mode);
}

ssize_t read(int descriptor, void* bytes, size_t size) {
  static auto* const call = real<ssize_t(int, void*, size_t)>("read");
  return is_file(descriptor) && fails("read") ? -1 : call(descriptor, bytes, size);
}

ssize_t write(int descriptor, const void* bytes, size_t size) {
  static auto* const call = real<ssize_t(int, const void*, size_t)>("write");
  return is_file(descriptor) && fails("write") ? -1 : call(descriptor, bytes, size);
}

ssize_t pread(int descriptor, void* bytes, size_t size, off_t offset) {
  static auto* const call = real<ssize_t(int, void*, size_t, off_t)>("pread");
  return is_file(descriptor) && fails("read") ? -1 : call(descriptor, bytes, size, offset);
}

int fsync(int descriptor) {
  static auto* const call = real<int(int)>("fsync");
  return fails("fsync") ? -1 : call(descriptor);
}

// It closes nevertheless, as the system does.
int close(int descriptor) {
  static auto* const call = real<int(int)>("close");
  const bool file = is_file(descriptor);
  const int result = call(descriptor);
  return file && fails("close") ? -1 : result;
}

int rename(const char* from, const char* to) noexcept {
  static auto* const call = real<int(const char*, const char*)>("rename");
  return fails("rename") ? -1 : call(from, to);
}

}  // extern "C"
