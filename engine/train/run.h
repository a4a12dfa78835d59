// A training run with a look at what it trained.
#pragma once

#include <functional>

#include "train/data/batch.h"
#include "train/transformer.h"
#include "tritium/training.hpp"

namespace tritium::training {

// `inspect` sees the trained model (its weights quantised) before the run ends, with a batch of the held-out text.
using Inspection = std::function<Status(Ops&, Workspace&, Transformer&, const Batch&)>;
Result<TrainReport> train_and_inspect(const TrainOptions& options, const TrainCallbacks& callbacks,
                                      const Inspection& inspect);

}  // namespace tritium::training
