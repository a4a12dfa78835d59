// Integers that are rounded with the inputs in mind that a text gives them: GPTQ (quantizers/gptq.h) for the weights of
// a model in training, a layer after the other, each with the layers before it as they were rounded.
#pragma once

#include <span>

#include "train/transformer.h"

namespace tritium::training {

bool has_integers(const Transformer& model);

// Replaces the shadows of integer weights by values of their grid, whose scales stay, so that their quantiser gives
// these values; all batches of one shape. What no product takes (an embedding that is no head) stays as it was.
Status round_calibrated(Ops& ops, Workspace& workspace, Transformer& model, std::span<const TokenBatch> batches);

}  // namespace tritium::training
