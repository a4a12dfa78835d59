// What a model file holds, in the words of the public API.
#pragma once

#include "model/config.h"
#include "tensor/tensor_map.h"
#include "tritium/model.hpp"

namespace tritium {

// Of tensors that check_tensors() accepts. `tokenizer` is why the tokenizer cannot be used, or ok.
ModelInfo describe_model(const TensorMap& source, const Config& config, const Status& tokenizer);

}  // namespace tritium
