// Random models with the byte vocabulary, as files: what a run can be started from.
#pragma once

#include <string>

#include "tests/support/random_model.h"
#include "tests/support/temporary_folder.h"
#include "tritium/training.hpp"

namespace tritium {

inline constexpr int64_t kBytes = 259;  // tokens of the byte vocabulary

MemoryTensorMap byte_model(const RandomModelOptions& options);

// As floats, to model.gguf in the folder; the file's path.
std::string write_model(const MemoryTensorMap& map, const TemporaryFolder& folder);

// A short run that starts from the file.
TrainOptions finetuning(const std::string& model);

}  // namespace tritium
