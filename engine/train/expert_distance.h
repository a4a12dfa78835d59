// How far the experts of a mixture are apart. Copies never separate by themselves: they get the same tokens' gradients
// in proportion to their weights, so experts made from one dense layer need a partition or noise first.
#pragma once

#include <optional>

#include "train/transformer.h"

namespace tritium::training {

// Mean of |a - b| / sqrt(|a|^2 + |b|^2) over neighbouring experts of all layers (Frobenius norms of their gate, up and
// down matrices): 0 for copies, about 1 for independent ones. None without experts.
Result<std::optional<double>> expert_distance(Backend& backend, const Transformer& model);

}  // namespace tritium::training
