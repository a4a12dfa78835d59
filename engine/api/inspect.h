// What a model file holds, in the words of the public API.
#pragma once

#include "model/checked_model.h"
#include "text/tokenizer.h"
#include "tritium/model.hpp"

namespace tritium {

// `warnings`: what was odd when it was opened.
ModelInfo describe_model(const CheckedModel& model, const Result<std::shared_ptr<const Tokenizer>>& tokenizer,
                         const std::vector<std::string>& warnings);

}  // namespace tritium
