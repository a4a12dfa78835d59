// Outcomes of calls that can fail. The library never throws across its public API, never aborts, never exits.
#pragma once

#include <cassert>
#include <string>
#include <utility>
#include <variant>

namespace tritium {

enum class StatusCode {
  ok,
  invalid_argument,  // the caller's values cannot be used
  not_found,         // a file, device, tensor or backend does not exist
  corrupt_file,      // a file contradicts itself or its format
  unsupported,       // understood, but not implemented here
  out_of_memory,     // host or device memory
  io_error,          // the operating system refused a read or a write
  device_error,      // the driver failed or the device was lost
  cancelled,         // a cancel callback said so
  internal,          // a bug of ours: please report it
};

// Ok, or a code plus a message that says what was wrong, where, and what to do.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(StatusCode code, std::string message) : code_(code), message_(std::move(message)) {}

  bool ok() const { return code_ == StatusCode::ok; }
  StatusCode code() const { return code_; }
  const std::string& message() const { return message_; }

  // The same failure with the place it happened in put before the message ("model.gguf: ").
  Status within(const std::string& place) const { return ok() ? *this : Status(code_, place + ": " + message_); }

 private:
  StatusCode code_ = StatusCode::ok;
  std::string message_;
};

// A value, or the Status that says why there is none. value() may only be called when ok().
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : content_(std::in_place_index<0>, std::move(value)) {}
  Result(Status status) : content_(std::in_place_index<1>, std::move(status)) { assert(!std::get<1>(content_).ok()); }

  bool ok() const { return content_.index() == 0; }
  T& value() & { return std::get<0>(content_); }
  const T& value() const& { return std::get<0>(content_); }
  T&& value() && { return std::get<0>(std::move(content_)); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }

  Status status() const { return ok() ? Status() : std::get<1>(content_); }
  StatusCode code() const { return status().code(); }
  std::string message() const { return status().message(); }

 private:
  std::variant<T, Status> content_;
};

}  // namespace tritium
