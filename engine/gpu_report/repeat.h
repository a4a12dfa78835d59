// How long something takes: as often as it needs to be told from the cost of asking, and the best of several tries.
#pragma once

#include <cstdint>
#include <functional>

#include "gpu_report/deadline.h"
#include "tritium/status.hpp"

namespace tritium::gpu_report {

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
