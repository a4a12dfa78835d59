// y = cap tanh(x / cap), and the gradient, in double and rounded once.
#include <cmath>

#include "base/cancel.h"
#include "ops/soft_cap.h"
#include "ops/soft_cap_backward.h"

namespace tritium::cpu_ref {

void soft_cap(const SoftCapParams& p, std::span<const float> x, std::span<float> y) {
  for (size_t i = 0; i < p.n_values; ++i) {
    check_cancelled_every<4096>(i);
    y[i] = static_cast<float>(p.cap * std::tanh(double{x[i]} / p.cap));
  }
}

void soft_cap_backward(const SoftCapBackwardParams& p, std::span<const float> x, std::span<const float> dy,
                       std::span<float> dx) {
  for (size_t i = 0; i < p.n_values; ++i) {
    check_cancelled_every<4096>(i);
    const double cosine = std::cosh(double{x[i]} / p.cap);  // 1 - tanh^2 = 1 / cosh^2
    const double gradient = dy[i] / (cosine * cosine);
    dx[i] = static_cast<float>(p.accumulate ? dx[i] + gradient : gradient);
  }
}

}  // namespace tritium::cpu_ref
