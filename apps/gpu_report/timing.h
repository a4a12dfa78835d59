// How long something may take, and how long it takes.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>

#include "tritium/status.hpp"

namespace tritium::gpu_report {

using Clock = std::chrono::steady_clock;

inline double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// A point in time until which something may go on, or until a person asks for the end.
class Deadline {
 public:
  Deadline(double seconds, std::function<bool()> interrupted)
      : end_(Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds))),
        interrupted_(std::move(interrupted)) {}

  double left() const { return std::max(0.0, -seconds_since(end_)); }
  bool interrupted() const { return interrupted_ && interrupted_(); }
  bool over() const { return left() == 0 || interrupted(); }
  // The first `fraction` of what is left.
  Deadline part(double fraction) const { return {left() * fraction, interrupted_}; }

 private:
  Clock::time_point end_;
  std::function<bool()> interrupted_;
};

// The best of several tries, in each of which something is done as often as it takes to tell it from the cost of
// asking.
struct BestTime {
  double seconds = 0;  // of one
  uint32_t n = 0;      // done at once
};

inline constexpr double kLongEnough = 0.04;  // seconds: a submission costs less than a thousandth of it

// `run(n)` does it n times and gives the seconds. At least one run is measured after one that warms up (which is the
// one where it was long and the deadline is over); more only before the deadline.
Result<BestTime> best_time(const Deadline& deadline, uint32_t most,
                           const std::function<Result<double>(uint32_t n)>& run);

}  // namespace tritium::gpu_report
