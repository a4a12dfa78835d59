#include "base/cancellable_lock.h"

#include "base/cancel.h"

namespace tritium {

std::unique_lock<std::mutex> lock_unless_cancelled(std::mutex& mutex) {
  constexpr std::chrono::milliseconds kBetweenQuestions{10};
  std::unique_lock lock(mutex, std::try_to_lock);
  while (!lock.owns_lock() && !cancelled())
    if (lock_within(mutex, kBetweenQuestions)) lock = std::unique_lock(mutex, std::adopt_lock);
  return lock;
}

}  // namespace tritium
