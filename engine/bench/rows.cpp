#include "bench/rows.h"

#include <chrono>

#include "base/cancel.h"
#include "bench/median.h"

namespace tritium::bench {

Result<double> median_seconds(const std::function<Status()>& call) {
  using Clock = std::chrono::steady_clock;
  constexpr double kAtLeast = 0.06;
  constexpr size_t kCalls = 3;
  std::vector<double> times;
  const auto start = Clock::now();
  double all = 0;
  while (times.size() < kCalls || all < kAtLeast) {
    check_cancelled();
    const auto begin = Clock::now();
    if (Status s = call(); !s.ok()) return s;
    const auto end = Clock::now();
    times.push_back(std::chrono::duration<double>(end - begin).count());
    all = std::chrono::duration<double>(end - start).count();
  }
  return median(std::move(times));
}

}  // namespace tritium::bench
