#include "server/openai/json.h"

#include <algorithm>

namespace tritium::server {
namespace {

// Brackets that are open at once at most, outside of strings.
int nesting(std::string_view text) {
  int depth = 0, deepest = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      deepest = std::max(deepest, ++depth);
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return deepest;
}

}  // namespace

Outcome<Json> parse_json(std::string_view text) {
  const auto refused = [](std::string why) {
    return ApiError{.message = "the body is not JSON: " + std::move(why), .code = "invalid_json"};
  };
  if (nesting(text) > kMaxNesting) return refused("values are nested deeper than " + std::to_string(kMaxNesting));
  try {
    return Json::parse(text);
  } catch (const nlohmann::json::exception& problem) {
    const std::string_view what = problem.what();
    const size_t end_of_name = what.find("] ");  // "[json.exception.parse_error.101] …"
    return refused(std::string(end_of_name == std::string_view::npos ? what : what.substr(end_of_name + 2)));
  }
}

std::string json_text(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

Json error_json(const ApiError& error) {
  const auto or_null = [](const std::string& text) { return text.empty() ? Json() : Json(text); };
  return {{"error",
           {{"message", error.message},
            {"type", error.type},
            {"param", or_null(error.param)},
            {"code", or_null(error.code)}}}};
}

}  // namespace tritium::server
