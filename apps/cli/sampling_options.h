// Options of commands that draw tokens.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "tritium/session.hpp"

namespace tritium::cli {

// With a seed that is another one each time, unless one is given.
void add_sampling_options(CLI::App& command, GenerateOptions& generate);

// Before a model is loaded: invalid_argument says which value is outside its range.
Status check_sampling(const GenerateOptions& generate);

// ", 12 of 20 guesses right", where there were some.
std::string guess_figures(const Generation& generation);
// ", seed 123", where it was drawn and the text would be another one by another.
std::string seed_figure(const Generation& generation, const SamplerOptions& sampler);

}  // namespace tritium::cli
