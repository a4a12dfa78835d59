// Options of commands that draw tokens.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "tritium/session.hpp"

namespace tritium::cli {

void add_sampling_options(CLI::App& command, GenerateOptions& generate);

// ", 12 of 20 guesses right", where there were some.
std::string guess_figures(const Generation& generation);

}  // namespace tritium::cli
