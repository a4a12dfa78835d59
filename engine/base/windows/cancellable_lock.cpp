#include "base/cancellable_lock.h"

#include <algorithm>
#include <thread>

namespace tritium {

// No mutex of the system's can be waited for with a time.
bool lock_within(std::mutex& mutex, std::chrono::milliseconds most) {
  if (mutex.try_lock()) return true;
  std::this_thread::sleep_for(std::min(most, std::chrono::milliseconds(1)));
  return mutex.try_lock();
}

}  // namespace tritium
