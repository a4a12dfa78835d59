#include "base/write_all.h"

#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace tritium {
namespace {

// Holds SIGXFSZ back in this thread, which is the one that gets it, and takes it when it came.
class FileSizeSignalHeldBack {
 public:
  FileSizeSignalHeldBack() {
    sigemptyset(&signal_);
    sigaddset(&signal_, SIGXFSZ);
    was_pending_ = is_pending();
    held_ = pthread_sigmask(SIG_BLOCK, &signal_, &before_) == 0;
  }
  FileSizeSignalHeldBack(const FileSizeSignalHeldBack&) = delete;
  FileSizeSignalHeldBack& operator=(const FileSizeSignalHeldBack&) = delete;
  ~FileSizeSignalHeldBack() {
    const int problem = errno;
    int taken = 0;
    if (held_ && !was_pending_ && is_pending()) sigwait(&signal_, &taken);
    if (held_) pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    errno = problem;
  }

 private:
  static bool is_pending() {
    sigset_t pending;
    return sigpending(&pending) == 0 && sigismember(&pending, SIGXFSZ) == 1;
  }

  sigset_t signal_{}, before_{};
  bool was_pending_ = false, held_ = false;
};

}  // namespace

bool write_all(int descriptor, std::span<const std::byte> data) {
  const FileSizeSignalHeldBack held_back;
  while (!data.empty()) {
    const ssize_t written = ::write(descriptor, data.data(), data.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    data = data.subspan(static_cast<size_t>(written));
  }
  return true;
}

}  // namespace tritium
