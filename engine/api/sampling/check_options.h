// Ranges of SamplerOptions.
#pragma once

#include "tritium/options.hpp"
#include "tritium/status.hpp"

namespace tritium {

// invalid_argument: which option has which value, and what it must be.
Status check_options(const SamplerOptions& options);

}  // namespace tritium
