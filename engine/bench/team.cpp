#include "bench/team.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <vector>

#include "base/format_text.h"

namespace tritium::bench {
namespace {

using Clock = std::chrono::steady_clock;

// Starts threads together, however long the system takes to make them.
class StartingLine {
 public:
  explicit StartingLine(int threads) : missing_(threads) {}
  void wait() {
    --missing_;
    while (missing_ > 0) std::this_thread::yield();
  }
  // So many do not come.
  void leave(int threads) { missing_ -= threads; }

 private:
  std::atomic<int> missing_;
};

}  // namespace

double team_rate(int threads, int windows, double window_seconds, const std::function<double(int)>& step) {
  const auto n = static_cast<size_t>(windows);
  std::vector<double> work(static_cast<size_t>(threads) * n);
  StartingLine line(threads);
  std::atomic<Clock::rep> started{0};  // of all: by the first that is there
  const auto run = [&](int thread) {
    step(thread);  // into caches
    line.wait();
    Clock::rep first = 0;
    if (started.compare_exchange_strong(first, Clock::now().time_since_epoch().count())) first = started;
    const Clock::time_point start{Clock::duration(first)};
    for (;;) {
      const double done = step(thread);
      const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
      const auto window = static_cast<size_t>(seconds / window_seconds);
      if (window >= n) return;
      work[static_cast<size_t>(thread) * n + window] += done;
    }
  };
  {
    std::vector<std::jthread> others;
    try {
      for (int thread = 1; thread < threads; ++thread) others.emplace_back(run, thread);
    } catch (const std::system_error& problem) {
      line.leave(threads - static_cast<int>(others.size()));  // those who are there wait for all
      const size_t refused = others.size() + 2;
      others.clear();
      throw std::runtime_error(join("a limit of ", threads, " threads cannot be measured: the system refuses thread ",
                                    refused, " (", problem.what(), "); take fewer threads, or more memory"));
    }
    run(0);
  }
  std::vector<double> sums(n);
  for (size_t i = 0; i < work.size(); ++i) sums[i % n] += work[i];
  return std::ranges::max(sums) / window_seconds;
}

}  // namespace tritium::bench
