// ThreadPool: a fixed number of threads that share loops, made for machines on which other programs work, too.
// Operations of the CPU backend last microseconds, so workers spin a short while after a loop before they sleep, and no
// call allocates.
//
// A loop is cut into small pieces. Every thread has a contiguous stretch of them, which it takes from the front; one
// whose stretch is done takes pieces from the back of the others' (work stealing, Blumofe & Leiserson 1999). So a
// thread that lost its processor, or never woke up, costs the others at most the piece that it is in.
//
// Thread rule: one thread at a time calls run(); a loop's body does not call run() of the same pool. Pools
// are independent of each other, and many may exist.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>
#include <memory>
#include <thread>
#include <type_traits>
#include <vector>

namespace tritium {

class ThreadPool {
 public:
  // `threads` counts the caller of run(); 0: usable_processors(). Has fewer when the system refuses to start
  // them. `pin`: each worker stays on a processor of its own, physical cores first; the caller's thread, which is not
  // the pool's, stays free.
  explicit ThreadPool(int threads = 0, bool pin = false);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const { return static_cast<int>(workers_.size()) + 1; }

  // Calls body(first, last) on pieces of 0 … n - 1, each of `piece` items, the last of what is left. Returns when all
  // are done. Which thread does which is not known: the body's results must not depend on it. The body is noexcept:
  // there is no good place for an exception of a worker to go.
  template <typename Body>
  void run(int64_t n, int64_t piece, const Body& body) {
    static_assert(std::is_nothrow_invocable_v<const Body&, int64_t, int64_t>, "declare the loop body noexcept");
    if (n <= 0) return;
    if (workers_.empty() || n <= piece) return body(0, n);
    share(
        n, piece,
        [](const void* b, int64_t first, int64_t last) noexcept { (*static_cast<const Body*>(b))(first, last); },
        &body);
  }

  // Pieces of which every thread has some: for items that take about equally long.
  template <typename Body>
  void run(int64_t n, const Body& body) {
    run(n, n / (int64_t{kPiecesOfThread} * threads()) + 1, body);
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
  static constexpr int kPiecesOfThread = 16;
  using Part = void (*)(const void* body, int64_t first, int64_t last) noexcept;

  // A thread's stretch of pieces, [first, end), both in one word: the owner raises first, thieves lower end.
  struct alignas(64) Stretch {
    std::atomic<uint64_t> ends{0};
  };

  void share(int64_t n, int64_t piece, Part part, const void* body);
  void work(int index);
  void take_part(int index);
  void run_piece(uint32_t index) const;
  std::chrono::microseconds spin_time() const;

  // The loop in progress. Written before it is opened, read by workers that entered it.
  Part part_ = nullptr;
  const void* body_ = nullptr;
  int64_t n_ = 0;
  int64_t piece_ = 0;
  std::unique_ptr<Stretch[]> stretches_;

  // Number of the loop, whether it is open, and the workers in it (the constants in the .cpp). The caller closes a loop
  // when nothing of it is left to take, and waits for those inside; who never came is not waited for.
  alignas(64) std::atomic<uint32_t> state_{0};
  alignas(64) std::atomic<int> sleepers_{0};  // workers that must be woken
  std::atomic<bool> caller_sleeps_{false};
  std::atomic<bool> stopping_{false};
  // When the caller last waited for a thread that had lost its processor (steady clock; none: long ago).
  std::atomic<int64_t> held_up_{std::numeric_limits<int64_t>::min() / 2};
  std::vector<std::thread> workers_;
};

}  // namespace tritium
