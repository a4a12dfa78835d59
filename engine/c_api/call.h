// The edge between C and C++: what the body of every function of tritium.h runs in, and how it takes what it is given.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/caught.h"
#include "base/format_text.h"
#include "tritium/tritium.h"

namespace tritium::c_api {

// A Status, or what C alone knows.
struct Outcome {
  Outcome() = default;
  Outcome(const Status& s) : status(static_cast<tritium_status>(s.code())), message(s.message()) {}
  Outcome(tritium_status s, std::string text) : status(s), message(std::move(text)) {}

  tritium_status status = TRITIUM_OK;
  std::string message;
};

// The outcome in the caller's error, which may be null.
tritium_status report(tritium_error* error, const Outcome& outcome) noexcept;

template <typename Run>
tritium_status guarded(tritium_error* error, const Run& run) noexcept {
  try {
    return report(error, run());
  } catch (...) {
    return report(error, caught());
  }
}

struct Needed {
  const void* pointer;
  const char* name;
};
// invalid_argument names the first that is null.
Status needs(std::initializer_list<Needed> all);

// A handle in the caller's `out`, which was null until now.
template <typename Handle, typename... Parts>
Outcome give_handle(Handle** out, Parts&&... parts) {
  *out = std::make_unique<Handle>(Handle{std::forward<Parts>(parts)...}).release();
  return {};
}

// The caller's bytes or numbers, `size` of them.
template <typename T>
Result<std::span<const T>> given(const T* values, uint64_t size, const char* name) {
  if (!values && size > 0) return error(StatusCode::invalid_argument, name, " is NULL, and its size ", size);
  if (size > std::vector<T>().max_size())
    return error(StatusCode::invalid_argument, name, " has a size of ", size, ": more than there can be");
  return std::span(values, static_cast<size_t>(size));
}
Result<std::string_view> given_text(const char* text, uint64_t size, const char* name);
inline const char* text_or_empty(const char* text) { return text ? text : ""; }

// Values into the caller's buffer, all or none.
template <typename T>
Outcome fill(std::span<const T> values, T* buffer, uint64_t capacity, uint64_t* needed) {
  if (needed) *needed = values.size();
  if (values.size() > capacity)
    return {TRITIUM_BUFFER_TOO_SMALL, join("the buffer holds ", capacity, ", and there are ", values.size())};
  if (!buffer && !values.empty()) return error(StatusCode::invalid_argument, "the buffer is NULL");
  std::ranges::copy(values, buffer);
  return {};
}

// A number that C gives for an enum whose values are 0 to `last`.
template <typename Enum>
Result<Enum> choice(int32_t value, Enum last, const char* name) {
  if (value < 0 || value > static_cast<int32_t>(last))
    return error(StatusCode::invalid_argument, name, " is ", value, ", must be 0 to ", static_cast<int32_t>(last));
  return static_cast<Enum>(value);
}

}  // namespace tritium::c_api
