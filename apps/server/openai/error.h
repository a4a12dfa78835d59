// ApiError: why a request is refused, as OpenAI's clients read it.
#pragma once

#include <cassert>
#include <string>
#include <utility>
#include <variant>

#include "tritium/status.hpp"

namespace tritium::server {

struct ApiError {
  int status = 400;  // of HTTP
  std::string message;
  std::string type = "invalid_request_error";
  std::string param{};  // the field that is wrong: "messages[2].content"; empty: none
  std::string code{};   // empty: none
  int retry_after_s = 0;
};

// A value, or the error that the client gets.
template <typename T>
class [[nodiscard]] Outcome {
 public:
  Outcome(T value) : content_(std::in_place_index<0>, std::move(value)) {}
  Outcome(ApiError error) : content_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return content_.index() == 0; }
  T& value() { return std::get<0>(content_); }
  const T& value() const { return std::get<0>(content_); }
  T& operator*() { return value(); }
  const T& operator*() const { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  const ApiError& error() const {
    assert(!ok());
    return std::get<1>(content_);
  }

 private:
  std::variant<T, ApiError> content_;
};

ApiError invalid(std::string param, std::string message);
ApiError unsupported(std::string param, std::string message);
ApiError not_found(std::string code, std::string message);
ApiError server_error(std::string message);
ApiError stopping();
// What the library said of a request's contents: the client's fault where it is one of its values.
ApiError error_of(const Status& status, const std::string& param = "");
// What it said of an evaluation, which may have begun with waking the model: its files may be gone, or others; 503.
ApiError error_of_model(const Status& status, bool is_parked, const std::string& param = "");

}  // namespace tritium::server
