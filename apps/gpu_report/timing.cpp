#include "gpu_report/timing.h"

#include <algorithm>

namespace tritium::gpu_report {

Result<BestTime> best_time(const Deadline& deadline, uint32_t most,
                           const std::function<Result<double>(uint32_t n)>& run) {
  constexpr int kTries = 3;
  constexpr double kLargestStep = 32.0;
  Result<double> time = run(1);  // compiles pipelines, fills caches
  if (!time.ok()) return time.status();
  BestTime best;
  uint32_t n = 1;
  if (*time > kLongEnough && deadline.over()) return BestTime{.seconds = *time, .n = 1};  // better than none
  for (int tries = 0; tries < kTries && (best.n == 0 || !deadline.over());) {
    time = run(n);
    if (!time.ok()) return time.status();
    const double each = *time / n;
    if (best.n < n || each < best.seconds) best = {.seconds = each, .n = n};
    if (*time < kLongEnough && n < most) {
      const double step = std::clamp(1.3 * kLongEnough / std::max(*time, 1e-6), 2.0, kLargestStep);
      n = static_cast<uint32_t>(std::min<double>(most, n * step));
    } else {
      ++tries;
    }
  }
  return best;
}

}  // namespace tritium::gpu_report
