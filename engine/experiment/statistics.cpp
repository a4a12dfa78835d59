#include "experiment/statistics.h"

#include <cmath>
#include <iterator>

namespace tritium::experiment {

double student_t(int64_t degrees_of_freedom) {
  static constexpr double kTable[] = {12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
                                      2.201,  2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
                                      2.080,  2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042};
  if (degrees_of_freedom < 1) return 0;
  if (degrees_of_freedom <= std::ssize(kTable)) return kTable[degrees_of_freedom - 1];
  // Cornish and Fisher's expansion, z + (z^3 + z) / 4n + (5 z^5 + 16 z^3 + 3 z) / 96 n^2.
  const double z = 1.959964, n = static_cast<double>(degrees_of_freedom);
  const double z3 = z * z * z, z5 = z3 * z * z;
  return z + (z3 + z) / (4 * n) + (5 * z5 + 16 * z3 + 3 * z) / (96 * n * n);
}

Interval interval_of(std::span<const double> values) {
  Interval i = {.n = std::ssize(values)};
  const auto n = static_cast<double>(values.size());
  for (const double v : values) i.mean += v / n;
  if (values.size() < 2) return i;
  double squares = 0;
  for (const double v : values) squares += (v - i.mean) * (v - i.mean);
  i.half_width = student_t(std::ssize(values) - 1) * std::sqrt(squares / (n - 1) / n);
  return i;
}

}  // namespace tritium::experiment
