// A training run with a look at what it trained.
#pragma once

#include <functional>
#include <memory>

#include "train/data/batch.h"
#include "train/transformer.h"
#include "tritium/training.hpp"

namespace tritium::training {

class Run;

// Sees the trained model (its weights quantised) before the run ends, with a batch of the held-out text.
using Inspection = std::function<Status(Ops&, Workspace&, Transformer&, const Batch&)>;

// A run that has its folder, data, device and memory. In the middle of its steps the caller's CancelScope is asked.
Result<std::unique_ptr<Run>> open_run(const TrainOptions& options, const TrainCallbacks& callbacks,
                                      const Inspection& inspect);

Result<TrainReport> train_and_inspect(const TrainOptions& options, const TrainCallbacks& callbacks,
                                      const Inspection& inspect);

}  // namespace tritium::training
