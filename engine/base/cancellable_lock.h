// A mutex that others hold for long, and that is not waited for once the caller is cancelled (cancel.h).
#pragma once

#include <chrono>
#include <mutex>

namespace tritium {

// Without the lock where the caller was cancelled while it waited.
std::unique_lock<std::mutex> lock_unless_cancelled(std::mutex& mutex);

// Whether it could be locked within that time. A thread that waits is woken when the mutex is free, as by lock().
bool lock_within(std::mutex& mutex, std::chrono::milliseconds most);

}  // namespace tritium
