// Means of few runs, and how far they can be trusted.
#pragma once

#include <span>

#include "tritium/experiment.hpp"

namespace tritium::experiment {

// The mean, and the half width of its 95 % interval by Student's t; 0 for less than two values.
Interval interval_of(std::span<const double> values);

// The 97.5 % quantile of Student's distribution.
double student_t(int64_t degrees_of_freedom);

}  // namespace tritium::experiment
