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

ApiError stopping() {
  return {.status = 503,
          .message = "the server is stopping",
          .type = "server_error",
          .code = "stopping",
          .retry_after_s = 5};
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

ApiError error_of_model(const Status& status, bool is_parked, const std::string& param) {
  const StatusCode code = status.code();
  const bool files = code == StatusCode::not_found || code == StatusCode::corrupt_file || code == StatusCode::io_error;
  if (!files && !is_parked) return error_of(status, param);
  ApiError error = server_error(status.message());
  error.status = 503, error.code = "model_unavailable";
  return error;
}

}  // namespace tritium::server
