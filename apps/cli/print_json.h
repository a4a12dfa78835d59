// Figures for other programs.
#pragma once

#include <nlohmann/json.hpp>

#include "cli/terminal.h"

namespace tritium::cli {

// On stdout, with a line end. Paths and names out of files need not be UTF-8, JSON must be: they become U+FFFD there.
inline bool print_json(const nlohmann::json& value) {
  return print(value.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

}  // namespace tritium::cli
