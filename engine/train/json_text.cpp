#include "train/json_text.h"

#include "base/format_text.h"

namespace tritium::training {

Result<nlohmann::json> parse_object(std::string_view what, std::string_view text, bool ignore_comments) {
  using nlohmann::json;
  constexpr int kDeepest = 32;
  bool too_deep = false;
  const auto keep = [&too_deep](int depth, json::parse_event_t, const json&) {
    too_deep = too_deep || depth > kDeepest;
    return !too_deep;
  };
  json object = json::parse(text, keep, /*allow_exceptions=*/false, ignore_comments);
  if (too_deep) return error(StatusCode::invalid_argument, what, ": nested deeper than ", kDeepest, " levels");
  if (!object.is_object()) return error(StatusCode::invalid_argument, what, ": not a JSON object");
  return object;
}

}  // namespace tritium::training
