// What a run will need, computed before anything is allocated: the run's own code makes its tensors without memory and
// records its programs.
#pragma once

#include "train/optimizers/averages.h"
#include "train/setup.h"

namespace tritium::training {

// The parts of a run that hold memory.
struct RunMemory {
  Transformer& model;
  Transformer* teacher;  // null: none
  Optimizer& optimizer;
  Averages& averages;
  bool soft = false;  // weights harden over the first steps (warm_start)
};

// Allocates all that a run keeps, and reserves what its programs need while they run.
Status allocate_run(const TrainOptions& options, const RunMemory& run, Allocator& allocator, Workspace& workspace);

// `backend`: whose layouts of weights are counted.
Result<TrainPlan> plan_memory(const TrainOptions& options, const Setup& setup, Backend& backend);

}  // namespace tritium::training
