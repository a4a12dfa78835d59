// Options of commands that draw tokens.
#pragma once

#include <CLI/CLI.hpp>

#include "tritium/options.hpp"

namespace tritium::cli {

void add_sampling_options(CLI::App& command, SamplerOptions& sampler);

}  // namespace tritium::cli
