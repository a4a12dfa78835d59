// What a model file holds, in the words of the public API.
#pragma once

#include "model/config.h"
#include "tensor/tensor_map.h"
#include "text/tokenizer.h"
#include "tritium/model.hpp"

namespace tritium {

// Of tensors that check_tensors() accepts.
ModelInfo describe_model(const TensorMap& source, const Config& config,
                         const Result<std::shared_ptr<const Tokenizer>>& tokenizer);

}  // namespace tritium
