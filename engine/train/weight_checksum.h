// Whether weights are the same as before, to the bit.
#pragma once

#include <string>

#include "train/transformer.h"

namespace tritium::training {

// XXH3 of everything that the model's forward pass multiplies with, in the backend's layout: 16 hexadecimal digits.
// Takes as much memory of the host as the largest weight, meanwhile.
Result<std::string> weight_checksum(Backend& backend, const Transformer& model);

}  // namespace tritium::training
