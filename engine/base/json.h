// JSON: a value as a tree, whose objects keep the order of their members. Parsed from text that is not trusted: nesting
// is limited, a name stands once in an object, and text after the value is refused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "tritium/status.hpp"

namespace tritium {

class Json {
 public:
  struct Member;
  using Array = std::vector<Json>;
  using Object = std::vector<Member>;

  Json();  // null
  explicit Json(bool value);
  explicit Json(int64_t value);
  explicit Json(double value);
  explicit Json(std::string value);
  explicit Json(Array value);
  explicit Json(Object value);
  Json(const Json&);
  Json(Json&&) noexcept;
  Json& operator=(const Json&);
  Json& operator=(Json&&) noexcept;
  ~Json();

  bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
  // What it holds; nullptr: something else. Whole numbers beyond int64 are doubles.
  const bool* boolean() const { return std::get_if<bool>(&value_); }
  const int64_t* integer() const { return std::get_if<int64_t>(&value_); }
  const double* real() const { return std::get_if<double>(&value_); }
  const std::string* text() const { return std::get_if<std::string>(&value_); }
  const Array* array() const { return std::get_if<Array>(&value_); }
  const Object* object() const { return std::get_if<Object>(&value_); }
  Array* array() { return std::get_if<Array>(&value_); }
  Object* object() { return std::get_if<Object>(&value_); }

  // The member of that name; nullptr: not there, null, or this is no object. Steps: one a member.
  const Json* find(std::string_view name) const;
  // "null", "a boolean", "a number", "a string", "an array", "an object".
  std::string_view kind() const;

 private:
  std::variant<std::monostate, bool, int64_t, double, std::string, Array, Object> value_;
};

struct Json::Member {
  std::string name;
  Json value;
};

// Here, since an object can be made and destroyed only where its members are known.
inline Json::Json() = default;
inline Json::Json(bool value) : value_(value) {}
inline Json::Json(int64_t value) : value_(value) {}
inline Json::Json(double value) : value_(value) {}
inline Json::Json(std::string value) : value_(std::move(value)) {}
inline Json::Json(Array value) : value_(std::move(value)) {}
inline Json::Json(Object value) : value_(std::move(value)) {}
inline Json::Json(const Json&) = default;
inline Json::Json(Json&&) noexcept = default;
inline Json& Json::operator=(const Json&) = default;
inline Json& Json::operator=(Json&&) noexcept = default;
inline Json::~Json() = default;

struct JsonLimits {
  size_t depth = 128;  // of arrays and objects within each other
};

// corrupt_file, with line and column: it is not JSON (RFC 8259), not UTF-8, or a name stands twice in an object;
// unsupported: nested more deeply than the limit.
Result<Json> parse_json(std::string_view text, const JsonLimits& limits = {});

// The text as a JSON string with its quotes; what is not ASCII stays as it is.
std::string json_quoted(std::string_view text);

}  // namespace tritium
