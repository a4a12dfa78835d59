// ThreadPool: a fixed number of threads that share loops. Operations of the CPU backend last microseconds, so
// workers spin a short while after a loop before they sleep, and no call allocates.
//
// Thread rule: one thread at a time calls run(); a loop's body does not call run() of the same pool. Pools
// are independent of each other, and many may exist.
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>
#include <type_traits>
#include <vector>

namespace tritium {

// Processors that this process may use: at least 1, at most what affinity and control groups (Linux) let it have.
int usable_processors();

class ThreadPool {
 public:
  // `threads` counts the caller of run(); 0: usable_processors(). Has fewer when the system refuses to start
  // them.
  explicit ThreadPool(int threads = 0);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const { return static_cast<int>(workers_.size()) + 1; }

  // Calls body(first, last) on parts of 0 … n - 1: one contiguous part a thread, sizes differing by at most
  // 1, empty parts left out. Returns when all are done. What a part is depends on n and threads() alone. The
  // body is noexcept: there is no good place for an exception of a worker to go.
  template <typename Body>
  void run(int64_t n, const Body& body) {
    static_assert(std::is_nothrow_invocable_v<const Body&, int64_t, int64_t>, "declare the loop body noexcept");
    if (n <= 0) return;
    if (workers_.empty() || n == 1) return body(0, n);
    share(
        n, [](const void* b, int64_t first, int64_t last) noexcept { (*static_cast<const Body*>(b))(first, last); },
        &body);
  }

  // Calls f(i) for each i of 0 … n - 1, split as run() does.
  template <typename F>
  void for_each(int64_t n, const F& f) {
    static_assert(std::is_nothrow_invocable_v<const F&, int64_t>, "declare the loop body noexcept");
    run(n, [&f](int64_t first, int64_t last) noexcept {
      for (int64_t i = first; i < last; ++i) f(i);
    });
  }

 private:
  using Part = void (*)(const void* body, int64_t first, int64_t last) noexcept;

  void share(int64_t n, Part part, const void* body);
  void work(int index);
  void run_part(int index) const;

  // The loop in progress. Written before round_ is raised, read by workers after they saw it raised.
  Part part_ = nullptr;
  const void* body_ = nullptr;
  int64_t n_ = 0;

  // On lines of their own: workers poll one while they count down the other.
  alignas(64) std::atomic<int> round_{0};       // counts loops (and wraps)
  alignas(64) std::atomic<int> unfinished_{0};  // workers still in the loop
  std::atomic<bool> stopping_{false};
  std::vector<std::thread> workers_;
};

}  // namespace tritium
