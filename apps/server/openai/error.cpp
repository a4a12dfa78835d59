#include "server/openai/error.h"

namespace tritium::server {

ApiError invalid(std::string param, std::string message) {
  ApiError error{.message = param + ": " + std::move(message)};
  error.param = std::move(param);
  return error;
}

ApiError unsupported(std::string param, std::string message) {
  ApiError error = invalid(std::move(param), std::move(message));
  error.code = "unsupported";
  return error;
}

ApiError not_found(std::string code, std::string message) {
  return {.status = 404, .message = std::move(message), .code = std::move(code)};
}

ApiError server_error(std::string message) {
  return {.status = 500, .message = std::move(message), .type = "server_error"};
}

ApiError error_of(const Status& status, const std::string& param) {
  const StatusCode code = status.code();
  const bool of_request = code == StatusCode::invalid_argument || code == StatusCode::unsupported ||
                          code == StatusCode::corrupt_file || code == StatusCode::not_found;
  if (!of_request) return server_error(status.message());
  ApiError error{.message = status.message(), .param = param};
  if (code == StatusCode::unsupported || code == StatusCode::not_found) error.code = "unsupported";
  return error;
}

}  // namespace tritium::server
