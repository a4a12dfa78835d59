// JavaScript's values for C, and back. What cannot be converted is a TypeError that names the option.
#ifndef TRITIUM_BINDINGS_NODE_VALUES_H
#define TRITIUM_BINDINGS_NODE_VALUES_H

#include <node_api.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tritium::node {

// A JavaScript exception is pending: back to it.
struct Thrown {};
void check(napi_env env, napi_status status);
[[noreturn]] void throw_type_error(napi_env env, const std::string& message);

// The arguments of a call, undefined where there are fewer.
struct Call {
  Call(napi_env env, napi_callback_info info);
  napi_env env;
  napi_value arguments[6];
};

// What module.cpp exports: nothing that is thrown leaves it.
template <napi_value (*kFunction)(const Call&)>
napi_value entry(napi_env env, napi_callback_info info) {
  try {
    return kFunction(Call(env, info));
  } catch (const Thrown&) {
  } catch (const std::exception& problem) {
    napi_throw_error(env, "out_of_memory", problem.what());
  }
  return nullptr;
}

std::string string_of(napi_env env, napi_value value, const char* name);
// A string's UTF-8, or the bytes of a Uint8Array.
std::string bytes_of(napi_env env, napi_value value, const char* name);
std::vector<int32_t> tokens_of(napi_env env, napi_value int32_array);
int64_t integer_of(napi_env env, napi_value value, const char* name);

napi_value undefined(napi_env env);
napi_value to_js(napi_env env, std::string_view text);
napi_value to_js(napi_env env, double number);
napi_value to_js(napi_env env, bool flag);
napi_value to_js(napi_env env, std::span<const int32_t> values);  // Int32Array
napi_value to_js(napi_env env, std::span<const float> values);    // Float32Array
inline napi_value to_js(napi_env env, const char* text) { return to_js(env, std::string_view(text ? text : "")); }
inline napi_value to_js(napi_env env, int32_t number) { return to_js(env, static_cast<double>(number)); }
inline napi_value to_js(napi_env env, int64_t number) { return to_js(env, static_cast<double>(number)); }
inline napi_value to_js(napi_env env, uint64_t number) { return to_js(env, static_cast<double>(number)); }

// Options: what is undefined or null is left as it is. Once all are read, refuse_others() throws a TypeError where one
// was given that nobody asked for: it is misspelt, or another call's.
class Object {
 public:
  Object(napi_env env, napi_value value);
  std::optional<napi_value> find(const char* name) const;
  void get(const char* name, int32_t& out) const;  // an integer, or true and false
  void get(const char* name, int64_t& out) const;
  void get(const char* name, uint64_t& out) const;  // also a BigInt
  void get(const char* name, float& out) const;
  void get(const char* name, double& out) const;
  void get(const char* name, std::optional<std::string>& out) const;
  void get(const char* name, std::vector<std::string>& out) const;
  std::vector<napi_value> array(const char* name) const;
  void refuse_others() const;

 private:
  napi_env env_;
  std::optional<napi_value> value_;
  mutable std::vector<std::string_view> asked_;
};

// An object under construction: ObjectBuilder(env).set("step", 3).value().
class ObjectBuilder {
 public:
  explicit ObjectBuilder(napi_env env) : env_(env) { check(env, napi_create_object(env, &value_)); }
  ObjectBuilder& set_value(const char* name, napi_value value) {
    check(env_, napi_set_named_property(env_, value_, name, value));
    return *this;
  }
  template <class T>
  ObjectBuilder& set(const char* name, const T& value) {
    return set_value(name, to_js(env_, value));
  }
  napi_value value() const { return value_; }

 private:
  napi_env env_;
  napi_value value_ = nullptr;
};

// An array of what `make(i)` gives.
template <class Make>
napi_value array_of(napi_env env, size_t n, Make make) {
  napi_value array = nullptr;
  check(env, napi_create_array_with_length(env, n, &array));
  for (size_t i = 0; i < n; ++i) check(env, napi_set_element(env, array, static_cast<uint32_t>(i), make(i)));
  return array;
}

// Strings for C, as long as `texts` is there.
std::vector<const char*> pointers_to(const std::vector<std::string>& texts);
inline const char* pointer_to(const std::optional<std::string>& text) { return text ? text->c_str() : nullptr; }

}  // namespace tritium::node

#endif
