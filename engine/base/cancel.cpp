#include "base/cancel.h"

#include <chrono>
#if defined(__linux__)
#include <ctime>
#endif

namespace tritium {
namespace {

thread_local CancelScope* innermost = nullptr;

// A clock of some milliseconds that takes a few ns to read: operations of a small model last a microsecond.
long now_ms() {
#if defined(__linux__)
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return static_cast<long>(now.tv_sec) * 1000 + now.tv_nsec / 1'000'000;
#else
  return static_cast<long>(
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
          .count());
#endif
}

}  // namespace

CancelScope::CancelScope(const std::function<bool()>& keep_going)
    : keep_going_(keep_going ? &keep_going : nullptr), outer_(innermost) {
  if (keep_going_) innermost = this;
}

CancelScope::CancelScope(Shield) : keep_going_(nullptr), outer_(innermost), shield_(true) { innermost = this; }

CancelScope::~CancelScope() {
  if (innermost == this) innermost = outer_;
}

bool CancelScope::ask() {
  if (stopped_) return true;
  const long now = now_ms();
  if (now == asked_at_) return false;
  asked_at_ = now;
  for (CancelScope* scope = this; scope && !scope->shield_ && !stopped_; scope = scope->outer_) {
    try {
      scope->stopped_ = scope->stopped_ || !(*scope->keep_going_)();
    } catch (...) {  // whoever cannot answer does not want to go on
      scope->stopped_ = true;
    }
    stopped_ = scope->stopped_;
  }
  return stopped_;
}

bool cancelled() { return innermost && !innermost->shield_ && innermost->ask(); }

}  // namespace tritium
