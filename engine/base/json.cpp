#include "base/json.h"

#include <algorithm>
#include <cstdio>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/cancel.h"
#include "base/format_text.h"

namespace tritium {
namespace {

// "line 3, column 7" of the byte at `position`, which counts from 1.
std::string place_of(std::string_view text, size_t position) {
  const std::string_view before = text.substr(0, std::min(text.size(), position > 0 ? position - 1 : 0));
  const auto line = std::ranges::count(before, '\n') + 1;
  const size_t newline = before.rfind('\n');
  return join("line ", line, ", column ", before.size() - (newline == std::string_view::npos ? 0 : newline + 1) + 1);
}

// A name that stands twice, or "".
std::string_view repeated_name(const Json::Object& object) {
  std::vector<std::string_view> names;
  for (const Json::Member& m : object) names.push_back(m.name);
  std::ranges::sort(names);
  const auto twice = std::ranges::adjacent_find(names);
  return twice == names.end() ? std::string_view() : *twice;
}

// What nlohmann's parser finds becomes a tree. Its own tree is not used: its destructor takes memory, and so ends the
// process where there is none.
class TreeBuilder {
 public:
  TreeBuilder(std::string_view text, const JsonLimits& limits) : text_(text), limits_(limits) {}

  bool null() { return put(Json()); }
  bool boolean(bool value) { return put(Json(value)); }
  bool number_integer(int64_t value) { return put(Json(value)); }
  bool number_unsigned(uint64_t value) {
    constexpr auto kMost = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
    return put(value <= kMost ? Json(static_cast<int64_t>(value)) : Json(static_cast<double>(value)));
  }
  bool number_float(double value, const std::string& /*as_written*/) { return put(Json(value)); }
  bool string(std::string& value) { return put(Json(std::move(value))); }
  bool binary(nlohmann::json::binary_t& /*value*/) { return false; }  // JSON has none
  bool start_object(size_t /*unknown*/) { return open(Json(Json::Object())); }
  bool start_array(size_t /*unknown*/) { return open(Json(Json::Array())); }
  bool key(std::string& name) {
    open_.back()->object()->push_back({std::move(name), Json()});
    return true;
  }
  bool end_object() {
    const std::string_view twice = repeated_name(*open_.back()->object());
    if (!twice.empty()) {
      status_ = error(StatusCode::corrupt_file, "the name \"", twice, "\" stands twice in an object");
      return false;
    }
    open_.pop_back();
    return true;
  }
  bool end_array() {
    open_.pop_back();
    return true;
  }
  bool parse_error(size_t position, const std::string& token, const nlohmann::json::exception& /*problem*/) {
    const std::string seen = token.size() > 40 ? token.substr(token.size() - 40) : token;
    status_ = error(StatusCode::corrupt_file, "not JSON at ", place_of(text_, position), ", at ", json_quoted(seen));
    return false;
  }

  const Status& status() const { return status_; }
  Json take() { return std::move(root_); }

 private:
  bool put(Json value) {
    check_cancelled_every<4096>(n_values_++);
    add(std::move(value));
    return true;
  }
  // Nothing moves while it is open: only the innermost one grows.
  Json* add(Json value) {
    if (open_.empty()) return &(root_ = std::move(value));
    if (Json::Array* array = open_.back()->array()) return &array->emplace_back(std::move(value));
    return &(open_.back()->object()->back().value = std::move(value));
  }
  bool open(Json value) {
    if (open_.size() == limits_.depth) {
      status_ = error(StatusCode::unsupported, "arrays and objects are nested more than ", limits_.depth, " deep");
      return false;
    }
    open_.push_back(add(std::move(value)));
    return true;
  }

  std::string_view text_;
  JsonLimits limits_;
  Json root_;
  std::vector<Json*> open_;  // from the root to the innermost
  size_t n_values_ = 0;
  Status status_;
};

}  // namespace

const Json* Json::find(std::string_view name) const {
  const Object* members = object();
  if (!members) return nullptr;
  const auto found = std::ranges::find(*members, name, &Member::name);
  return found == members->end() || found->value.is_null() ? nullptr : &found->value;
}

std::string_view Json::kind() const {
  constexpr std::string_view kKinds[] = {"null",     "a boolean", "a number", "a number",
                                         "a string", "an array",  "an object"};
  return kKinds[value_.index()];
}

Result<Json> parse_json(std::string_view text, const JsonLimits& limits) {
  TreeBuilder builder(text, limits);
  const bool done = nlohmann::json::sax_parse(text.begin(), text.end(), &builder);
  if (!builder.status().ok()) return builder.status();
  if (!done) return error(StatusCode::corrupt_file, "not JSON");
  return builder.take();
}

std::string json_quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    switch (c) {
      case '"': quoted += "\\\""; break;
      case '\\': quoted += "\\\\"; break;
      case '\n': quoted += "\\n"; break;
      case '\r': quoted += "\\r"; break;
      case '\t': quoted += "\\t"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          char code[8];
          std::snprintf(code, sizeof code, "\\u%04x", static_cast<unsigned>(c));
          quoted += code;
        } else {
          quoted += c;
        }
    }
  }
  return quoted += '"';
}

}  // namespace tritium
