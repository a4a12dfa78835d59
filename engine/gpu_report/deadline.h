// A point in time until which something may go on, or until a person asks for the end.
#pragma once

#include <algorithm>
#include <chrono>
#include <functional>

namespace tritium::gpu_report {

using Clock = std::chrono::steady_clock;

inline double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

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

}  // namespace tritium::gpu_report
