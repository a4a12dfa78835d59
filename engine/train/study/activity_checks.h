// Whether the quantisation of a trained model is real: what is packed are trits, what is packed is what computes, and a
// shadow matters only through its trit.
#pragma once

#include "train/data/batch.h"
#include "train/transformer.h"

namespace tritium::training {

// `flips`: percent of trits that flipped in each interval of the run, in order. The model is as it was afterwards.
Result<std::vector<ActivityCheck>> check_activity(Ops& ops, Workspace& workspace, Transformer& model,
                                                  const Batch& batch, const std::vector<double>& flips);

}  // namespace tritium::training
