// Sleeping until a word changes. Unlike std::atomic::wait it goes to sleep at once: whoever calls it has spun already.
#pragma once

#include <atomic>
#include <cstdint>

#if defined(__linux__)
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace tritium {

#if defined(_WIN32)
// Returns at once when the word is not `old`; may return early.
void sleep_while_equal(std::atomic<uint32_t>& word, uint32_t old);
// Wakes up to n sleepers of the word.
void wake(std::atomic<uint32_t>& word, int n);
#else
// Returns at once when the word is not `old`; may return early.
inline void sleep_while_equal(std::atomic<uint32_t>& word, uint32_t old) {
#if defined(__linux__)
  static_assert(sizeof word == sizeof(uint32_t));
  syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, old, nullptr, nullptr, 0);
#else
  word.wait(old);
#endif
}

// Wakes up to n sleepers of the word.
inline void wake(std::atomic<uint32_t>& word, int n) {
#if defined(__linux__)
  syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, n, nullptr, nullptr, 0);
#else
  n == 1 ? word.notify_one() : word.notify_all();
#endif
}
#endif

}  // namespace tritium
