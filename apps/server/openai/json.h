// JSON of requests and answers: members stay in the order in which they were said, for templates write them out.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "server/openai/error.h"

namespace tritium::server {

using Json = nlohmann::ordered_json;

// Values within values, at most: what walks over them later needs a stack for each.
inline constexpr int kMaxNesting = 64;

Outcome<Json> parse_json(std::string_view text);

// On one line. What is not UTF-8 becomes U+FFFD, what is no finite number null.
std::string json_text(const Json& value);

Json error_json(const ApiError& error);

}  // namespace tritium::server
