#include "server/openai/fields.h"

#include <array>
#include <charconv>
#include <cmath>

namespace tritium::server {
namespace {

std::string text_of(double number) {
  constexpr double kWhole = 0x1p62;  // what int64_t holds
  const auto whole = std::abs(number) < kWhole ? static_cast<int64_t>(number) : 0;
  if (static_cast<double>(whole) == number) return std::to_string(whole);
  std::array<char, 32> text{};  // the shortest that is this number, as a float: so they are kept
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), static_cast<float>(number)).ptr};
}

std::string shown(const Json& value) {
  std::string text = json_text(value);
  if (text.size() > 40) text = text.substr(0, 40) + "…";
  return text;
}

}  // namespace

std::string kind_of(const Json& value) {
  switch (value.type()) {
    case Json::value_t::null: return "null";
    case Json::value_t::object: return "an object";
    case Json::value_t::array: return "an array";
    case Json::value_t::string: return "a string";
    case Json::value_t::boolean: return "true or false";
    default: return "a number";
  }
}

Fields::Fields(const Json& object, std::string place, std::optional<ApiError>& error)
    : object_(object), place_(std::move(place)), error_(error) {
  if (object_.is_object() || error_) return;
  const std::string where = place_.empty() ? "the body" : place_.substr(0, place_.size() - 1);
  error_ = invalid(where, "must be an object, it is " + kind_of(object_));
}

const Json* Fields::find(std::string_view key) {
  known_.emplace(key);
  if (!object_.is_object()) return nullptr;
  const auto found = object_.find(key);
  return found == object_.end() || found->is_null() ? nullptr : &*found;
}

void Fields::ignore(std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys) known_.emplace(key);
}

void Fields::refuse(std::string_view key, const std::string& why) {
  if (!error_) error_ = invalid(name(key), why);
}

void Fields::refuse_unsupported(std::string_view key, const std::string& why) {
  if (!error_) error_ = unsupported(name(key), why);
}

bool Fields::read(std::string_view key, bool& into) {
  const Json* value = find(key);
  if (!value) return false;
  if (value->is_boolean())
    into = value->get<bool>();
  else
    refuse(key, "must be true or false, it is " + kind_of(*value));
  return true;
}

bool Fields::read(std::string_view key, std::string& into) {
  const Json* value = find(key);
  if (!value) return false;
  if (value->is_string())
    into = value->get_ref<const std::string&>();
  else
    refuse(key, "must be a string, it is " + kind_of(*value));
  return true;
}

bool Fields::read(std::string_view key, int64_t& into, int64_t least, int64_t most) {
  const Json* value = find(key);
  if (!value) return false;
  const bool too_large = value->is_number_unsigned() && value->get<uint64_t>() > static_cast<uint64_t>(INT64_MAX);
  if (!value->is_number_integer())
    refuse(key, "must be an integer, it is " + (value->is_number() ? shown(*value) : kind_of(*value)));
  else if (too_large || value->get<int64_t>() < least || value->get<int64_t>() > most)
    refuse(key, shown(*value) + " is not from " + std::to_string(least) + " to " + std::to_string(most));
  else
    into = value->get<int64_t>();
  return true;
}

bool Fields::read(std::string_view key, float& into, double least, double most) {
  const Json* value = find(key);
  if (!value) return false;
  if (!value->is_number()) {
    refuse(key, "must be a number, it is " + kind_of(*value));
    return true;
  }
  const auto number = value->get<double>();
  if (number >= least && number <= most)
    into = static_cast<float>(number);
  else
    refuse(key, shown(*value) + " is not from " + text_of(least) + " to " + text_of(most));
  return true;
}

bool Fields::read(std::string_view key, std::vector<std::string>& into, size_t most) {
  const Json* value = find(key);
  if (!value) return false;
  std::vector<std::string> texts;
  if (value->is_string()) texts.push_back(value->get<std::string>());
  bool strings = value->is_string() || value->is_array();
  if (value->is_array()) {
    for (const Json& one : *value) {
      strings = strings && one.is_string();
      if (strings) texts.push_back(one.get<std::string>());
    }
  }
  if (!strings)
    refuse(key, "must be a string or an array of strings");
  else if (texts.size() > most)
    refuse(key, "has " + std::to_string(texts.size()) + " strings, at most " + std::to_string(most) + " are taken");
  else
    into = std::move(texts);
  return true;
}

bool Fields::read_choice(std::string_view key, std::initializer_list<std::string_view> names, size_t& into) {
  std::string word;
  if (!read(key, word)) return false;
  std::string all;
  size_t i = 0;
  for (const std::string_view one : names) {
    if (word == one) {
      into = i;
      return true;
    }
    all += (i++ == 0 ? "\"" : ", \"") + std::string(one) + "\"";
  }
  refuse(key, "\"" + word.substr(0, 40) + "\" is not one of " + all);
  return true;
}

const Json* Fields::read_object(std::string_view key) {
  const Json* value = find(key);
  if (!value || value->is_object()) return value;
  refuse(key, "must be an object, it is " + kind_of(*value));
  return nullptr;
}

const Json* Fields::read_array(std::string_view key) {
  const Json* value = find(key);
  if (!value || value->is_array()) return value;
  refuse(key, "must be an array, it is " + kind_of(*value));
  return nullptr;
}

const std::string& Fields::required(std::string_view key, std::string& into) {
  if (!read(key, into)) refuse(key, "is missing");
  return into;
}

void Fields::take(std::optional<ApiError> of_part) {
  if (!error_) error_ = std::move(of_part);
}

void Fields::finish() {
  if (error_ || !object_.is_object()) return;
  for (const auto& [key, value] : object_.items()) {
    if (known_.contains(key)) continue;
    error_ = invalid(place_ + key.substr(0, 100), "is not known here");
    error_->code = "unknown_parameter";
    return;
  }
}

}  // namespace tritium::server
