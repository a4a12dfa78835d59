// A model's weights from a cache beside it, which is made where there is none of use.
#pragma once

#include <string>

#include "model/weights.h"
#include "tritium/options.hpp"

namespace tritium {

// As load_weights, by way of options.cache. `path` is the model's.
Result<Weights> load_cached_weights(const CheckedModel& model, const std::string& path, const LoadOptions& options,
                                    Backend& backend, const LogSink& log);

}  // namespace tritium
