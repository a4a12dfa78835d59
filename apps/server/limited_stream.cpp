#include "server/limited_stream.h"

#include <cctype>
#include <charconv>

#include "server/openai/json.h"

namespace tritium::server {
namespace {

const char* reason_of(int status) {
  switch (status) {
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 408: return "Request Timeout";
    case 413: return "Payload Too Large";
    case 414: return "URI Too Long";
    case 415: return "Unsupported Media Type";
    case 431: return "Request Header Fields Too Large";
    case 501: return "Not Implemented";
    case 503: return "Service Unavailable";
    case 507: return "Insufficient Storage";
    default: return "Error";
  }
}

std::string line_of(LimitedStream& stream) {
  constexpr size_t kMost = 8192;
  std::string line;
  for (char c = 0; line.size() < kMost && stream.read(&c, 1) == 1;) {
    if (c == '\n') {
      if (line.ends_with('\r')) line.pop_back();
      return line;
    }
    line += c;
  }
  throw bad_request("the chunks of the body end too early, or a line of them is too long");
}

}  // namespace

Refused bad_request(const std::string& message) { return Refused{reply_of(ApiError{.message = message})}; }

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::string plain_reply(const HttpReply& reply) {
  std::string text = "HTTP/1.1 " + std::to_string(reply.status) + " " + reason_of(reply.status) +
                     "\r\nContent-Type: " + reply.content_type +
                     "\r\nContent-Length: " + std::to_string(reply.body.size()) + "\r\nConnection: close\r\n";
  for (const auto& [name, value] : reply.headers) text.append(name).append(": ").append(value).append("\r\n");
  return text + "\r\n" + reply.body;
}

HttpReply reply_of(const ApiError& error) {
  HttpReply reply{.status = error.status, .body = json_text(error_json(error))};
  if (error.retry_after_s > 0) reply.headers.emplace_back("Retry-After", std::to_string(error.retry_after_s));
  if (error.status == 401) reply.headers.emplace_back("WWW-Authenticate", "Bearer");
  return reply;
}

std::string LimitedStream::raw_header(std::string_view name) const {
  for (size_t at = head_.find('\n'); at != std::string::npos && at + 1 < head_.size(); at = head_.find('\n', at + 1)) {
    const std::string line = head_.substr(at + 1, head_.find_first_of("\r\n", at + 1) - at - 1);
    const size_t colon = line.find(':');
    if (colon == std::string::npos || lower(line.substr(0, colon)) != name) continue;
    const size_t begin = line.find_first_not_of(" \t", colon + 1);
    return begin == std::string::npos ? std::string() : line.substr(begin, line.find_last_not_of(" \t") + 1 - begin);
  }
  return {};
}

std::string chunks_of(LimitedStream& stream, const HttpLimits& limits) {
  std::string body;
  while (true) {
    const std::string line = line_of(stream);
    size_t size = 0;
    const char* end = line.data() + line.size();
    const auto [stop, problem] = std::from_chars(line.data(), end, size, 16);
    if (problem != std::errc() || (stop != end && *stop != ';' && *stop != ' '))
      throw bad_request("a chunk of the body does not begin with its size");
    if (size == 0) break;
    if (size > limits.body_bytes - body.size()) throw Refused{reply_of(LimitedStream::body_too_large(limits))};
    const size_t before = body.size();
    body.resize(before + size);
    for (size_t at = before; at < body.size();) {
      const ssize_t n = stream.read(body.data() + at, body.size() - at);
      if (n <= 0) throw bad_request("the body ends within a chunk");
      at += static_cast<size_t>(n);
    }
    if (!line_of(stream).empty()) throw bad_request("a chunk of the body is longer than it says");
  }
  while (!line_of(stream).empty()) {
  }
  return body;
}

}  // namespace tritium::server
