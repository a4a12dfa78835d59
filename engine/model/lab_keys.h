// The keys of tritium-lab, below "tritium-lab.lab.": which of the optional parts a model has.
#pragma once

#include "model/config.h"
#include "model/key_reader.h"

namespace tritium {

// After everything else was read.
void read_lab(KeyReader& keys, Config& config);

// Refuses those that ask for what the model would not get: of an architecture that has none, and unknown ones.
Status check_lab_keys(const Metadata& metadata, const std::string& architecture, bool lab);

}  // namespace tritium
