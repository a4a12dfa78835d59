// Whether a long action goes on: asked from deep within it, wherever time is spent. Who starts the action says whom to
// ask, for its thread and until the end of a scope; so no signature on the way has to carry the question.
//
//   const CancelScope scope(options.keep_going);   // false: everything below ends soon
//   check_cancelled();                             // below, in a loop: throws Cancelled
//
// What throws is caught where a Status is made: by a backend, or by caught().
#pragma once

#include <cstddef>
#include <exception>
#include <functional>
#include <string>

#include "tritium/status.hpp"

namespace tritium {

struct Cancelled final : std::exception {
  const char* what() const noexcept override { return "cancelled"; }
};

// Until its end, cancelled() of this thread asks `keep_going` (called by this thread, at most every millisecond), and
// the scopes around it. Once it said false that is final for this scope. An empty function changes nothing. It is asked
// where it is and has to outlive the scope, so that a temporary is refused.
class CancelScope {
 public:
  explicit CancelScope(const std::function<bool()>& keep_going);
  explicit CancelScope(std::function<bool()>&&) = delete;
  ~CancelScope();
  CancelScope(const CancelScope&) = delete;
  CancelScope& operator=(const CancelScope&) = delete;

 protected:
  struct Shield {};
  explicit CancelScope(Shield);

 private:
  friend bool cancelled();
  bool ask();

  const std::function<bool()>* keep_going_;  // null: a shield
  CancelScope* outer_;
  bool shield_ = false;
  bool stopped_ = false;
  long asked_at_ = -1;  // ms
};

// Until its end nothing is cancelled: what is begun within is finished, such as the writing of a checkpoint.
class CancelShield : CancelScope {
 public:
  CancelShield() : CancelScope(Shield()) {}
};

bool cancelled();

inline void check_cancelled() {
  if (cancelled()) throw Cancelled();
}

// The same in a loop whose body is short: every N-th time.
template <size_t N>
void check_cancelled_every(size_t i) {
  if (i % N == 0) check_cancelled();
}

inline Status cancelled_status(const std::string& what = {}) {
  return Status(StatusCode::cancelled, what.empty() ? "cancelled" : what + " was cancelled");
}

}  // namespace tritium
