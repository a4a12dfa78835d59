// Figures for other programs.
#pragma once

#include <cmath>
#include <nlohmann/json.hpp>

#include "cli/terminal.h"

namespace tritium::cli {

// Numbers that JSON cannot say become texts ("nan", "inf", "-inf"): a null would say that there is none.
inline void name_what_is_not_finite(nlohmann::json& value) {
  if (value.is_structured())
    for (nlohmann::json& part : value) name_what_is_not_finite(part);
  if (!value.is_number_float() || std::isfinite(value.get<double>())) return;
  const double number = value.get<double>();
  value = std::isnan(number) ? "nan" : number > 0 ? "inf" : "-inf";
}

// On stdout, with a line end. Paths and names out of files need not be UTF-8, JSON must be: they become U+FFFD there.
inline bool print_json(nlohmann::json value) {
  name_what_is_not_finite(value);
  return print(value.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

}  // namespace tritium::cli
