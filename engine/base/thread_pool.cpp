#include "base/thread_pool.h"

#include <algorithm>
#include <cmath>
#include <new>
#include <system_error>

#if defined(__linux__)
#include <sched.h>
#endif

#include "base/control_group.h"

namespace tritium {
namespace {

// A worker first spins (a few µs: the next loop of a token usually comes sooner), then gives its processor to
// whoever wants it (some 100 µs), then sleeps. Only spinning is a trap: where another process holds the
// processor that the last part needs, 0.1 ms becomes a scheduler's slice of 12 ms.
constexpr int kSpins = 200;
constexpr int kYields = 1000;

void pause_briefly() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Returns the value of `variable` once it is not `old`.
int wait_while_equal(const std::atomic<int>& variable, int old) {
  for (int i = 0; i < kSpins + kYields; ++i) {
    const int now = variable.load(std::memory_order_acquire);
    if (now != old) return now;
    if (i < kSpins) {
      pause_briefly();
    } else {
      std::this_thread::yield();
    }
  }
  variable.wait(old, std::memory_order_acquire);
  return variable.load(std::memory_order_acquire);
}

}  // namespace

int usable_processors() {
  int there = static_cast<int>(std::thread::hardware_concurrency());
#if defined(__linux__)
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) there = CPU_COUNT(&allowed);
#endif
  // More threads than a group's share of time would be stopped together for the rest of each period.
  const double share = control_group_limits().processors.value_or(there);
  return std::max(1, std::min(there, static_cast<int>(std::ceil(share))));
}

ThreadPool::ThreadPool(int threads) {
  const int wanted = threads > 0 ? threads : usable_processors();
  workers_.reserve(static_cast<size_t>(wanted - 1));
  try {
    // Workers read workers_.size() only after the first loop began, when this vector does not change any
    // more.
    for (int i = 1; i < wanted; ++i) workers_.emplace_back([this, i] { work(i); });
  } catch (const std::system_error&) {
    // A limit on threads: go on with those that started.
  } catch (const std::bad_alloc&) {
    // Likewise; and those that started must not be left to a destructor that does not join them.
  }
}

ThreadPool::~ThreadPool() {
  stopping_.store(true, std::memory_order_relaxed);
  round_.fetch_add(1, std::memory_order_release);
  round_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void ThreadPool::run_part(int index) const {
  const int64_t parts = threads();
  const int64_t first = n_ / parts * index + std::min<int64_t>(index, n_ % parts);
  const int64_t last = first + n_ / parts + (index < n_ % parts ? 1 : 0);
  if (first < last) part_(body_, first, last);
}

void ThreadPool::share(int64_t n, Part part, const void* body) {
  n_ = n;
  part_ = part;
  body_ = body;
  unfinished_.store(static_cast<int>(workers_.size()), std::memory_order_relaxed);
  round_.fetch_add(1, std::memory_order_release);
  round_.notify_all();  // a system call only when a worker sleeps
  run_part(0);
  for (int left = unfinished_.load(std::memory_order_acquire); left != 0;) left = wait_while_equal(unfinished_, left);
}

void ThreadPool::work(int index) {
  for (int round = 0;;) {
    round = wait_while_equal(round_, round);
    if (stopping_.load(std::memory_order_relaxed)) return;
    run_part(index);
    if (unfinished_.fetch_sub(1, std::memory_order_release) == 1) unfinished_.notify_one();
  }
}

}  // namespace tritium
