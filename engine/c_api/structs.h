// Structs that begin with their size, of programs that were compiled with an earlier or a later header.
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

#include "c_api/call.h"

namespace tritium::c_api {

// What the first release had of it: what grows later gets a line of its own here.
template <typename T>
inline constexpr uint64_t kFirstSize = sizeof(T);
template <>
inline constexpr uint64_t kFirstSize<tritium_generate_options> = offsetof(tritium_generate_options, experts);
template <>
inline constexpr uint64_t kFirstSize<tritium_token> = offsetof(tritium_token, experts);
// No struct gets near it: a larger size was never set.
inline constexpr uint64_t kLargestSize = 4096;

template <typename T>
T defaults();  // of options; `size` is set

Status check_size(uint64_t size, uint64_t first, const char* name);
// unsupported, unless what lies between the two sizes is zero.
Status check_unknown(const void* given, uint64_t known, uint64_t size, const char* name);

// The caller's options over the defaults.
template <typename T>
Result<T> options_of(const T* given, const char* name) {
  static_assert(std::is_trivially_copyable_v<T> && offsetof(T, size) == 0);
  T all = defaults<T>();
  if (!given) return all;
  if (Status s = check_size(given->size, kFirstSize<T>, name); !s.ok()) return s;
  if (Status s = check_unknown(given, sizeof(T), given->size, name); !s.ok()) return s;
  std::memcpy(&all, given, std::min<uint64_t>(given->size, sizeof(T)));
  all.size = sizeof(T);
  return all;
}

// As much of it as the caller's struct holds; what that has beyond becomes zero.
template <typename T>
void copy_struct(const T& value, void* out, uint64_t size) {
  static_assert(std::is_trivially_copyable_v<T> && offsetof(T, size) == 0);
  std::memset(out, 0, size);
  std::memcpy(out, &value, std::min<uint64_t>(size, sizeof(T)));
  std::memcpy(out, &size, std::min<uint64_t>(size, sizeof size));
}

template <typename T>
void init_options(T* options, uint64_t size) {
  if (options && size >= sizeof(uint64_t) && size <= kLargestSize) copy_struct(defaults<T>(), options, size);
}

template <typename T>
Status check_out(const T* out, const char* name) {
  if (Status s = needs({{out, name}}); !s.ok()) return s;
  return check_size(out->size, kFirstSize<T>, name);
}

template <typename T>
Outcome give(const T& value, T* out, const char* name) {
  if (Status s = check_out(out, name); !s.ok()) return s;
  copy_struct(value, out, out->size);
  return {};
}

}  // namespace tritium::c_api
