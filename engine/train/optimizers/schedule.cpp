#include "train/optimizers/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace tritium::training {

double learning_rate_factor(const TrainOptions& o, int64_t step, int64_t total) {
  const auto n = static_cast<double>(std::max<int64_t>(total, 1));
  const double warmup = std::floor(o.warmup * n);
  const auto at = static_cast<double>(step);
  if (at < warmup) return at / warmup;
  // 0 at the end of the warm-up, 1 after the last step.
  const double progress = std::clamp((at - warmup) / std::max(1.0, n - warmup), 0.0, 1.0);
  switch (o.schedule) {
    case Schedule::constant: return 1.0;
    case Schedule::linear: return 1.0 - progress;
    case Schedule::cosine: return 0.5 * (1.0 + std::cos(std::numbers::pi * progress));
    case Schedule::wsd: {
      const double falling = std::max(1.0, std::floor(o.cooldown * n));
      return std::clamp((n - at + 1.0) / falling, 0.0, 1.0);
    }
  }
  return 1.0;
}

double hardening(const TrainOptions& o, int64_t step, int64_t total) {
  const auto n = static_cast<double>(std::max<int64_t>(total, 1));
  const double since = static_cast<double>(step) - std::floor(o.quantize_from * n), ramp = o.warm_start * n;
  if (since < 0) return 0.0;
  return ramp < 1.0 ? 1.0 : std::min(1.0, since / ramp);
}

}  // namespace tritium::training
