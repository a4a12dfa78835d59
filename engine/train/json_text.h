// JSON that people and other programs wrote.
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

#include "tritium/status.hpp"

namespace tritium::training {

// The object that a text holds. invalid_argument, with `what` the text is, when it is none or nested deeper than
// anything that we read: the JSON library writes and copies a value by calling itself for each level, down to the
// stack's end.
Result<nlohmann::json> parse_object(std::string_view what, std::string_view text, bool ignore_comments = false);

}  // namespace tritium::training
