// What a model file holds, in the words of the public API.
#pragma once

#include <memory>

#include "model/config.h"
#include "tensor/tensor_map.h"
#include "tokenizer/tokenizer.h"
#include "tritium/tritium.hpp"

namespace tritium {

// The file's tokenizer, checked against the model's vocabulary.
Result<std::shared_ptr<const Tokenizer>> load_tokenizer(const TensorMap& source, const Config& config);

// `tokenizer` is why the tokenizer cannot be used, or ok.
ModelInfo describe_model(const TensorMap& source, const Config& config, const Status& tokenizer);

}  // namespace tritium
