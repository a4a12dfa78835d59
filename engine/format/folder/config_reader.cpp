#include "format/folder/config_reader.h"

#include <algorithm>
#include <optional>

namespace tritium {
namespace {

// Of an integer, or of a number with a point.
std::optional<double> number_of(const Json& value) {
  if (const int64_t* n = value.integer()) return static_cast<double>(*n);
  if (const double* x = value.real()) return *x;
  return std::nullopt;
}

}  // namespace

const Json* ConfigReader::find(std::string_view name) const {
  const Json* value = json_.find(name);
  return value && !value->is_null() ? value : nullptr;
}

void ConfigReader::fail(StatusCode code, std::string_view name, const std::string& problem) {
  if (status_.ok()) status_ = error(code, place_, name, " ", problem);
}

void ConfigReader::require(bool condition, std::string_view name, const std::string& problem) {
  if (!condition) fail(StatusCode::corrupt_file, name, problem);
}

void ConfigReader::refuse(bool condition, std::string_view name, const std::string& problem) {
  if (condition) fail(StatusCode::unsupported, name, problem);
}

int64_t ConfigReader::integer(std::string_view name, int64_t low, int64_t high) {
  require(has(name), name, "is missing");
  return integer_or(name, low, low, high);
}

int64_t ConfigReader::integer_or(std::string_view name, int64_t fallback, int64_t low, int64_t high) {
  const Json* value = find(name);
  if (!value) return fallback;
  const std::optional<double> number = number_of(*value);
  const bool whole = number && *number == static_cast<double>(static_cast<int64_t>(std::clamp(*number, -1e15, 1e15)));
  require(whole, name, join("is ", value->kind(), ", must be a whole number"));
  if (!whole) return low;
  const auto n = static_cast<int64_t>(*number);
  require(n >= low && n <= high, name, join("is ", n, ", must be ", low, " to ", high));
  return std::clamp(n, low, high);
}

double ConfigReader::real(std::string_view name, double low, double high) {
  require(has(name), name, "is missing");
  return real_or(name, low, low, high);
}

double ConfigReader::real_or(std::string_view name, double fallback, double low, double high) {
  const Json* value = find(name);
  if (!value) return fallback;
  const std::optional<double> number = number_of(*value);
  const bool good = number && *number >= low && *number <= high;
  require(good, name, number ? join("is ", *number, ", must be ", low, " to ", high) : "must be a number");
  return good ? *number : fallback;
}

bool ConfigReader::boolean_or(std::string_view name, bool fallback) {
  const Json* value = find(name);
  if (!value) return fallback;
  require(value->boolean() != nullptr, name, join("is ", value->kind(), ", must be true or false"));
  return value->boolean() ? *value->boolean() : fallback;
}

std::string ConfigReader::text_or(std::string_view name, const std::string& fallback) {
  const Json* value = find(name);
  if (!value) return fallback;
  require(value->text() != nullptr, name, join("is ", value->kind(), ", must be a string"));
  return value->text() ? *value->text() : fallback;
}

std::vector<std::string> ConfigReader::texts(std::string_view name) {
  std::vector<std::string> list;
  const Json* value = find(name);
  if (!value) return list;
  require(value->array() != nullptr, name, join("is ", value->kind(), ", must be an array of strings"));
  if (!value->array()) return list;
  for (const Json& one : *value->array()) {
    require(one.text() != nullptr, name, "must hold strings only");
    if (one.text()) list.push_back(*one.text());
  }
  return list;
}

}  // namespace tritium
