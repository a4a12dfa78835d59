// Learning rates and other numbers as functions of the step.
#pragma once

#include "tritium/training.hpp"

namespace tritium::training {

// The learning rate of `step` (1 … total), as a factor of the peak. total <= 0: unknown; then only the warm-up, over
// `warmup_steps`, is applied.
double learning_rate_factor(const TrainOptions& options, int64_t step, int64_t total);

// The momentum of `step`: from momentum_from to momentum over the first momentum_warmup steps.
double momentum_of(const TrainOptions& options, int64_t step);

// What of the weight decay there is at `step`: all of it, or none.
double weight_decay_factor(const TrainOptions& options, int64_t step, int64_t total);

// Steps that a run of some minutes counts on until it knows better, so that warm-up and warm start begin at their
// beginning.
inline constexpr int64_t kUntilMeasured = 1000;

// 0 … 1: how far weights have hardened (Recipe, warm start).
double hardening(const TrainOptions& options, int64_t step, int64_t total);

}  // namespace tritium::training
