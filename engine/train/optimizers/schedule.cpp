#include "train/optimizers/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace tritium::training {

namespace {

// 1 … 0 from the end of the warm-up to the end of the run.
double shape_of(const TrainOptions& o, double at, double n) {
  const double warmup = std::floor(o.warmup * n);
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

}  // namespace

double learning_rate_factor(const TrainOptions& o, int64_t step, int64_t total) {
  const auto n = static_cast<double>(std::max<int64_t>(total, 1));
  const double warmup = std::floor(o.warmup * n);
  const auto at = static_cast<double>(step);
  if (at < warmup) return at / warmup;
  return o.min_rate + (1.0 - o.min_rate) * shape_of(o, at, n);
}

double momentum_of(const TrainOptions& o, int64_t step) {
  if (step > o.momentum_warmup) return o.momentum;
  const double part = static_cast<double>(step - 1) / static_cast<double>(o.momentum_warmup);
  return o.momentum_from + part * (o.momentum - o.momentum_from);
}

double weight_decay_factor(const TrainOptions& o, int64_t step, int64_t total) {
  return static_cast<double>(step) <= o.decay_until * static_cast<double>(std::max<int64_t>(total, 1)) ? 1.0 : 0.0;
}

double hardening(const TrainOptions& o, int64_t step, int64_t total) {
  const double steps = o.warm_start * static_cast<double>(std::max<int64_t>(total, 1));
  return steps < 1.0 ? 1.0 : std::min(1.0, static_cast<double>(step) / steps);
}

}  // namespace tritium::training
