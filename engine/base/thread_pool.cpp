#include "base/thread_pool.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <new>
#include <optional>
#include <system_error>

#include "base/futex.h"
#include "base/processors.h"

namespace tritium {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::microseconds;

// A worker spins this long for the next loop of a token, which usually comes sooner, and then sleeps. Spinning is a
// trap where another process wants the processor: the scheduler counts it as time that this one has had. There a worker
// soon sleeps: of a decoding with two threads beside one busy process, 20 % (100 µs instead of 30; one core of two).
constexpr microseconds kSpin{100}, kSpinBesideOthers{25};
// A piece takes microseconds; who waited so long for one waited for a thread without a processor.
constexpr microseconds kHeldUp{1000};
// Others are believed to be there for so long after.
constexpr std::chrono::milliseconds kMemory{100};

// state_: the number of the loop, whether it is open, how many workers are in it.
constexpr uint32_t kOne = 1, kWorkers = (1u << 11) - 1, kOpen = 1u << 11, kRound = 1u << 12;
uint32_t round_of(uint32_t state) { return state / kRound; }

void pause_briefly() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Returns true as soon as the condition holds, false after `time`.
template <typename Condition>
bool spin_until(const Condition& holds, microseconds time) {
  for (int i = 0; i < 32; ++i) {
    if (holds()) return true;
    pause_briefly();
  }
  const auto end = Clock::now() + time;
  do {
    for (int i = 0; i < 16; ++i) {
      if (holds()) return true;
      pause_briefly();
    }
  } while (Clock::now() < end);
  return false;
}

constexpr uint64_t ends_of(uint64_t first, uint64_t end) { return first << 32 | end; }

// A piece from the front, or the back, of a stretch; none when it is empty.
template <bool kFront>
std::optional<uint32_t> take_from(std::atomic<uint64_t>& ends) {
  uint64_t now = ends.load(std::memory_order_relaxed);
  for (;;) {
    const auto first = static_cast<uint32_t>(now >> 32), end = static_cast<uint32_t>(now);
    if (first >= end) return std::nullopt;
    const uint64_t rest = kFront ? ends_of(uint64_t{first} + 1, end) : ends_of(first, uint64_t{end} - 1);
    if (ends.compare_exchange_weak(now, rest, std::memory_order_relaxed)) return kFront ? first : end - 1;
  }
}

}  // namespace

ThreadPool::ThreadPool(int threads, bool pin) {
  const int wanted = std::min<int>(threads > 0 ? threads : usable_processors(), kWorkers);
  stretches_ = std::make_unique<Stretch[]>(static_cast<size_t>(wanted));
  workers_.reserve(static_cast<size_t>(wanted - 1));
  try {
    // Workers read workers_.size() only after the first loop began, when this vector does not change any
    // more.
    const std::vector<int> processors = pin ? processors_by_core() : std::vector<int>();
    const int n_processors = static_cast<int>(processors.size());
    for (int i = 1; i < wanted; ++i)
      workers_.emplace_back([this, i, processor = n_processors > 0 ? processors[i % n_processors] : -1] {
        if (processor >= 0) pin_this_thread(processor);
        work(i);
      });
  } catch (const std::system_error&) {
    // A limit on threads: go on with those that started.
  } catch (const std::bad_alloc&) {
    // Likewise; and those that started must not be left to a destructor that does not join them.
  }
}

ThreadPool::~ThreadPool() {
  stopping_.store(true);
  state_.fetch_add(kRound);
  wake(state_, threads());
  for (std::thread& worker : workers_) worker.join();
}

void ThreadPool::run_piece(uint32_t index) const {
  const int64_t first = index * piece_;
  part_(body_, first, std::min(first + piece_, n_));
}

// The thread's own stretch, then what others have not begun.
void ThreadPool::take_part(int index) {
  const int n = threads();
  while (const auto piece = take_from<true>(stretches_[static_cast<size_t>(index)].ends)) run_piece(*piece);
  for (int i = 1; i < n; ++i) {
    std::atomic<uint64_t>& other = stretches_[static_cast<size_t>((index + i) % n)].ends;
    while (const auto piece = take_from<false>(other)) run_piece(*piece);
  }
}

microseconds ThreadPool::spin_time() const {
  const Clock::time_point held_up{Clock::duration(held_up_.load(std::memory_order_relaxed))};
  return Clock::now() - held_up < kMemory ? kSpinBesideOthers : kSpin;
}

void ThreadPool::share(int64_t n, int64_t piece, Part part, const void* body) {
  // Numbers of pieces fit 32 bits.
  piece = std::max(piece, n / std::numeric_limits<int32_t>::max() + 1);
  n_ = n;
  piece_ = piece;
  part_ = part;
  body_ = body;
  const int64_t pieces = (n - 1) / piece + 1, parts = threads();
  for (int64_t i = 0; i < parts; ++i)
    stretches_[static_cast<size_t>(i)].ends.store(
        ends_of(static_cast<uint64_t>(pieces * i / parts), static_cast<uint64_t>(pieces * (i + 1) / parts)),
        std::memory_order_relaxed);

  // Sequentially consistent, as is a sleeper's announcement: one of the two sees the other.
  state_.store((state_.load(std::memory_order_relaxed) & ~(kRound - 1)) + kRound + kOpen);
  if (sleepers_.load() > 0) wake(state_, static_cast<int>(std::min(pieces - 1, parts)));
  take_part(0);

  uint32_t state = state_.fetch_and(~kOpen, std::memory_order_acquire) & ~kOpen;
  const auto all_left = [&] { return ((state = state_.load(std::memory_order_acquire)) & kWorkers) == 0; };
  if ((state & kWorkers) == 0 || spin_until(all_left, spin_time())) return;
  const auto start = Clock::now();
  caller_sleeps_.store(true);
  while (((state = state_.load()) & kWorkers) != 0) sleep_while_equal(state_, state);
  caller_sleeps_.store(false, std::memory_order_relaxed);
  if (const auto now = Clock::now(); now - start > kHeldUp) held_up_.store(now.time_since_epoch().count());
}

void ThreadPool::work(int index) {
  uint32_t state = 0;
  for (uint32_t last_round = 0;; last_round = round_of(state)) {
    const auto next_is_open = [&] {
      state = state_.load(std::memory_order_acquire);
      return round_of(state) != last_round && ((state & kOpen) != 0 || stopping_.load(std::memory_order_relaxed));
    };
    if (!spin_until(next_is_open, spin_time())) {
      sleepers_.fetch_add(1);
      while (!next_is_open()) sleep_while_equal(state_, state);
      sleepers_.fetch_sub(1);
    }
    if (stopping_.load()) return;
    // Enters unless the loop was closed meanwhile.
    while ((state & kOpen) != 0 && !state_.compare_exchange_weak(state, state + kOne, std::memory_order_acquire)) {
    }
    if ((state & kOpen) == 0) continue;
    take_part(index);
    const uint32_t left = state_.fetch_sub(kOne) - kOne;
    if ((left & (kOpen | kWorkers)) == 0 && caller_sleeps_.load()) wake(state_, std::numeric_limits<int>::max());
  }
}

}  // namespace tritium
