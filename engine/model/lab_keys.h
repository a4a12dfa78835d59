// The keys of tritium-lab, below "tritium-lab.lab.": which of the optional parts a model has.
#pragma once

#include "model/config.h"
#include "model/key_reader.h"

namespace tritium {

// After everything else was read.
void read_lab(KeyReader& keys, Config& config);

// A model of another architecture that has such keys asks for what it would not get.
Status refuse_lab_keys(const TensorMap& source, const std::string& architecture);

}  // namespace tritium
