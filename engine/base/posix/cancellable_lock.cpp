#include "base/cancellable_lock.h"

#include <pthread.h>

#include <algorithm>
#include <ctime>
#include <thread>

namespace tritium {

bool lock_within(std::mutex& mutex, std::chrono::milliseconds most) {
#if defined(__APPLE__)
  if (mutex.try_lock()) return true;
  std::this_thread::sleep_for(std::min(most, std::chrono::milliseconds(1)));
  return mutex.try_lock();
#else
  // A clock that people may set: then the answer comes too early, or with the lock.
  constexpr long kSecond = 1'000'000'000;
  timespec until{};
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_nsec += std::chrono::nanoseconds(most).count();
  until.tv_sec += until.tv_nsec / kSecond;
  until.tv_nsec %= kSecond;
  return pthread_mutex_timedlock(mutex.native_handle(), &until) == 0;
#endif
}

}  // namespace tritium
