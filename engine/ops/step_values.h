// The numbers of a training step as a tensor (shaders/params/step_values.h): operations that are recorded once and run
// in every step multiply their own with them.
#pragma once

#include "ops/op.h"
#include "shaders/params/step_values.h"

namespace tritium {

inline Shape step_shape() { return {static_cast<int64_t>(sizeof(StepValues) / sizeof(float))}; }

// `now`, f32, holds a StepValues; or there is none.
inline Checker& check_step(Checker& c, const Tensor& now) { return now ? c.f32("now", now, step_shape()) : c; }

}  // namespace tritium
