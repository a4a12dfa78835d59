// What a run will need, computed before anything is allocated.
#pragma once

#include "training/setup.h"

namespace tritium::training {

TrainPlan plan_memory(const TrainOptions& options, const Setup& setup);

}  // namespace tritium::training
