// What a run will need, computed before anything is allocated.
#pragma once

#include "training/setup.h"

namespace tritium::training {

TrainPlan plan_memory(const TrainOptions& options, const Setup& setup);

// Memory that this process may still use, 0 when it is not known.
uint64_t available_memory();

}  // namespace tritium::training
