// The options of tritium.h's samplers as those of the library.
#pragma once

#include "tritium/options.hpp"
#include "tritium/status.hpp"
#include "tritium/tritium.h"

namespace tritium::c_api {

// `options` may be null: the defaults.
Result<SamplerOptions> sampler_options_of(const tritium_sampler_options* options);
// `n` texts, none of them null.
Result<std::vector<std::string>> texts_of(const char* const* texts, uint64_t n, const char* name);

}  // namespace tritium::c_api
