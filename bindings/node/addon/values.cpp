#include "addon/values.h"

#include <algorithm>

#include <cmath>
#include <cstring>

namespace tritium::node {

void check(napi_env env, napi_status status) {
  if (status == napi_ok) return;
  bool pending = false;
  napi_is_exception_pending(env, &pending);
  if (!pending) {
    const napi_extended_error_info* info = nullptr;
    napi_get_last_error_info(env, &info);
    napi_throw_error(env, "internal", info && info->error_message ? info->error_message : "a call of Node-API failed");
  }
  throw Thrown();
}

void throw_type_error(napi_env env, const std::string& message) {
  napi_throw_type_error(env, "invalid_argument", message.c_str());
  throw Thrown();
}

Call::Call(napi_env env, napi_callback_info info) : env(env) {
  size_t n = std::size(arguments);
  check(env, napi_get_cb_info(env, info, &n, arguments, nullptr, nullptr));
}

namespace {

napi_valuetype type_of(napi_env env, napi_value value) {
  napi_valuetype type = napi_undefined;
  check(env, napi_typeof(env, value, &type));
  return type;
}

double number_of(napi_env env, napi_value value, const char* name) {
  double number = 0;
  if (type_of(env, value) != napi_number) throw_type_error(env, std::string(name) + " must be a number");
  check(env, napi_get_value_double(env, value, &number));
  return number;
}

template <class T>
napi_value typed_array(napi_env env, std::span<const T> values, napi_typedarray_type type) {
  void* memory = nullptr;
  napi_value buffer = nullptr, array = nullptr;
  check(env, napi_create_arraybuffer(env, values.size_bytes(), &memory, &buffer));
  if (!values.empty()) std::memcpy(memory, values.data(), values.size_bytes());
  check(env, napi_create_typedarray(env, type, values.size(), buffer, 0, &array));
  return array;
}

}  // namespace

int64_t integer_of(napi_env env, napi_value value, const char* name) {
  constexpr double kExact = 9007199254740992;  // 2^53
  const double number = number_of(env, value, name);
  if (std::trunc(number) != number || std::abs(number) > kExact)
    throw_type_error(env, std::string(name) + " must be an integer");
  return static_cast<int64_t>(number);
}

std::string bytes_of(napi_env env, napi_value value, const char* name) {
  if (type_of(env, value) == napi_string) {
    size_t size = 0;
    check(env, napi_get_value_string_utf8(env, value, nullptr, 0, &size));
    std::string text(size + 1, '\0');
    check(env, napi_get_value_string_utf8(env, value, text.data(), text.size(), &size));
    text.resize(size);
    return text;
  }
  bool typed = false;
  check(env, napi_is_typedarray(env, value, &typed));
  napi_typedarray_type type = napi_int8_array;
  size_t n = 0;
  void* memory = nullptr;
  if (typed) check(env, napi_get_typedarray_info(env, value, &type, &n, &memory, nullptr, nullptr));
  if (type != napi_uint8_array) throw_type_error(env, std::string(name) + " must be a string or a Uint8Array");
  return {static_cast<const char*>(memory), n};
}

std::string string_of(napi_env env, napi_value value, const char* name) {
  if (type_of(env, value) != napi_string) throw_type_error(env, std::string(name) + " must be a string");
  std::string text = bytes_of(env, value, name);
  if (text.find('\0') != std::string::npos) throw_type_error(env, std::string(name) + " has a zero byte");
  return text;
}

std::vector<int32_t> tokens_of(napi_env env, napi_value int32_array) {
  bool typed = false;
  check(env, napi_is_typedarray(env, int32_array, &typed));
  napi_typedarray_type type = napi_int8_array;
  size_t n = 0;
  void* memory = nullptr;
  if (typed) check(env, napi_get_typedarray_info(env, int32_array, &type, &n, &memory, nullptr, nullptr));
  if (type != napi_int32_array) throw_type_error(env, "tokens must be an Int32Array");
  const auto* first = static_cast<const int32_t*>(memory);
  return {first, first + n};
}

napi_value undefined(napi_env env) {
  napi_value value = nullptr;
  check(env, napi_get_undefined(env, &value));
  return value;
}

napi_value to_js(napi_env env, std::string_view text) {
  napi_value value = nullptr;
  check(env, napi_create_string_utf8(env, text.data(), text.size(), &value));
  return value;
}

napi_value to_js(napi_env env, double number) {
  napi_value value = nullptr;
  check(env, napi_create_double(env, number, &value));
  return value;
}

napi_value to_js(napi_env env, bool flag) {
  napi_value value = nullptr;
  check(env, napi_get_boolean(env, flag, &value));
  return value;
}

napi_value to_js(napi_env env, std::span<const int32_t> values) { return typed_array(env, values, napi_int32_array); }
napi_value to_js(napi_env env, std::span<const float> values) { return typed_array(env, values, napi_float32_array); }

Object::Object(napi_env env, napi_value value) : env_(env) {
  const napi_valuetype type = type_of(env, value);
  if (type == napi_object) value_ = value;
  if (type != napi_object && type != napi_undefined && type != napi_null)
    throw_type_error(env, "options must be an object");
}

std::optional<napi_value> Object::find(const char* name) const {
  asked_.emplace_back(name);
  if (!value_) return std::nullopt;
  napi_value found = nullptr;
  check(env_, napi_get_named_property(env_, *value_, name, &found));
  const napi_valuetype type = type_of(env_, found);
  if (type == napi_undefined || type == napi_null) return std::nullopt;
  return found;
}

void Object::refuse_others() const {
  if (!value_) return;
  napi_value names = nullptr;
  uint32_t n = 0;
  check(env_, napi_get_property_names(env_, *value_, &names));
  check(env_, napi_get_array_length(env_, names, &n));
  const std::vector<std::string_view> known = asked_;
  for (uint32_t i = 0; i < n; ++i) {
    napi_value key = nullptr;
    check(env_, napi_get_element(env_, names, i, &key));
    check(env_, napi_coerce_to_string(env_, key, &key));
    const std::string name = string_of(env_, key, "option");
    if (std::ranges::find(known, name) == known.end() && find(name.c_str()))
      throw_type_error(env_, "there is no option \"" + name + "\" here");
  }
}

void Object::get(const char* name, int32_t& out) const {
  const auto value = find(name);
  if (!value) return;
  if (type_of(env_, *value) == napi_boolean) {
    bool flag = false;
    check(env_, napi_get_value_bool(env_, *value, &flag));
    out = flag;
    return;
  }
  const int64_t number = integer_of(env_, *value, name);
  if (number != static_cast<int32_t>(number)) throw_type_error(env_, std::string(name) + " is too large");
  out = static_cast<int32_t>(number);
}

void Object::get(const char* name, int64_t& out) const {
  if (const auto value = find(name)) out = integer_of(env_, *value, name);
}

void Object::get(const char* name, uint64_t& out) const {
  const auto value = find(name);
  if (!value) return;
  bool lossless = true;
  if (type_of(env_, *value) == napi_bigint) {
    check(env_, napi_get_value_bigint_uint64(env_, *value, &out, &lossless));
  } else {
    const int64_t number = integer_of(env_, *value, name);
    lossless = number >= 0;
    out = static_cast<uint64_t>(number);
  }
  if (!lossless) throw_type_error(env_, std::string(name) + " must be from 0 to 2^64 - 1");
}

void Object::get(const char* name, float& out) const {
  if (const auto value = find(name)) out = static_cast<float>(number_of(env_, *value, name));
}

void Object::get(const char* name, double& out) const {
  if (const auto value = find(name)) out = number_of(env_, *value, name);
}

void Object::get(const char* name, std::optional<std::string>& out) const {
  if (const auto value = find(name)) out = string_of(env_, *value, name);
}

std::vector<napi_value> Object::array(const char* name) const {
  std::vector<napi_value> values;
  const auto value = find(name);
  if (!value) return values;
  uint32_t n = 0;
  bool is_array = false;
  check(env_, napi_is_array(env_, *value, &is_array));
  if (!is_array) throw_type_error(env_, std::string(name) + " must be an array");
  check(env_, napi_get_array_length(env_, *value, &n));
  values.resize(n);
  for (uint32_t i = 0; i < n; ++i) check(env_, napi_get_element(env_, *value, i, &values[i]));
  return values;
}

void Object::get(const char* name, std::vector<std::string>& out) const {
  for (const napi_value value : array(name)) out.push_back(string_of(env_, value, name));
}

std::vector<const char*> pointers_to(const std::vector<std::string>& texts) {
  std::vector<const char*> pointers;
  pointers.reserve(texts.size());
  for (const std::string& text : texts) pointers.push_back(text.c_str());
  return pointers;
}

}  // namespace tritium::node
