// A request as it comes from a connection, within its limits: what cpp-httplib reads, and what it cannot, chunks.
#pragma once

#include <httplib.h>

#include <algorithm>
#include <array>
#include <functional>
#include <string>
#include <string_view>

#include "server/http.h"

namespace tritium::server {

// A reply before cpp-httplib has one.
struct Refused {
  HttpReply reply;
};

Refused bad_request(const std::string& message);

// In full, for whoever has no cpp-httplib at hand.
std::string plain_reply(const HttpReply& reply);

// A connection as cpp-httplib reads it: counts what comes, and answers by itself what is too much or too slow. What it
// answered is the last that is written.
class LimitedStream : public httplib::Stream {
 public:
  LimitedStream(Connection& connection, const HttpLimits& limits)
      : connection_(connection), limits_(limits), until_(in(limits.read)) {}

  bool is_readable() const override { return has_more() || connection_.is_readable(std::chrono::milliseconds(0)); }
  bool is_writable() const override { return !answered_ && !connection_.peer_is_gone(); }

  ssize_t read(char* into, size_t size) override {
    if (answered_) return -1;
    if (at_decoded_ < decoded_.size()) {
      const size_t n = decoded_.copy(into, size, at_decoded_);
      at_decoded_ += n;
      return static_cast<ssize_t>(n);
    }
    if (at_ == buffered_) {
      const long n = connection_.read(buffer_.data(), buffer_.size(), until_);
      if (n < 0 && std::chrono::steady_clock::now() >= until_)
        return answer({.status = 408, .message = "the request did not come in time", .code = "request_timeout"});
      if (n <= 0) return n;
      at_ = 0;
      buffered_ = static_cast<size_t>(n);
    }
    const size_t n = std::min(size, buffered_ - at_);
    std::copy_n(buffer_.data() + at_, n, into);
    at_ += n;
    return count(std::string_view(into, n)) ? static_cast<ssize_t>(n) : -1;
  }

  ssize_t write(const char* bytes, size_t size) override {
    if (answered_ || !connection_.write({bytes, size}, limits_.write)) return -1;
    return static_cast<ssize_t>(size);
  }

  void get_remote_ip_and_port(std::string& ip, int& port) const override { ip = connection_.remote(), port = 0; }
  void get_local_ip_and_port(std::string& ip, int& port) const override { ip.clear(), port = 0; }
  // cpp-httplib refuses descriptors that select() cannot take, and does nothing else with them.
  socket_t socket() const override { return 0; }

  // The next request of the connection; what was read ahead stays.
  void next_request() {
    until_ = in(limits_.read);
    in_header_ = true;
    line_is_empty_ = true;
    header_bytes_ = line_bytes_ = body_bytes_ = 0;
    head_.clear(), decoded_.clear();
  }
  bool has_more() const { return at_ < buffered_ || at_decoded_ < decoded_.size(); }
  // What is read next, before all that comes.
  void put_back(std::string bytes) { decoded_ = std::move(bytes), at_decoded_ = 0; }
  // Of a request whose head is not read whole.
  std::string raw_header(std::string_view name) const;
  std::function<void(HttpReply&)> dress{};
  bool answered() const { return answered_; }
  int status() const { return status_; }

  ssize_t answer(const ApiError& error) {
    if (answered_) return -1;
    answer(reply_of(error));
    return -1;
  }
  void answer(HttpReply reply) {
    answered_ = true;
    status_ = reply.status;
    if (dress) dress(reply);
    connection_.write(plain_reply(reply), limits_.write);
  }

 private:
  static constexpr size_t kLineBytes = 8192;

  bool count(std::string_view bytes) {
    for (const char c : bytes) {
      if (!in_header_) {
        ++body_bytes_;
        continue;
      }
      head_ += c;
      ++line_bytes_;
      // cpp-httplib's own limit of a line, which it calls no HTTP; of the first one it says what it is.
      if (line_bytes_ > kLineBytes && head_.find('\n') < head_.size() - 1)
        return answer({.status = 431,
                       .message = "a header has more than " + std::to_string(kLineBytes) + " bytes",
                       .code = "headers_too_large"}) > 0;
      if (c == '\n') line_bytes_ = 0;
      ++header_bytes_;
      if (c == '\n' && line_is_empty_ && header_bytes_ > 2) in_header_ = false;
      if (c == '\n')
        line_is_empty_ = true;
      else if (c != '\r')
        line_is_empty_ = false;
    }
    if (header_bytes_ > limits_.header_bytes)
      return answer({.status = 431,
                     .message = "the request line and headers have more than " + std::to_string(limits_.header_bytes) +
                                " bytes",
                     .code = "headers_too_large"}) > 0;
    // A chunked body has marks between its parts: some room for them.
    if (body_bytes_ > limits_.body_bytes + limits_.body_bytes / 8 + 1024) return answer(body_too_large(limits_)) > 0;
    return true;
  }

 public:
  static ApiError body_too_large(const HttpLimits& limits) {
    return {.status = 413,
            .message = "the body has more than " + std::to_string(limits.body_bytes) + " bytes",
            .code = "body_too_large"};
  }

 private:
  Connection& connection_;
  const HttpLimits& limits_;
  Deadline until_;
  std::array<char, 16384> buffer_{};
  size_t at_ = 0, buffered_ = 0;
  size_t header_bytes_ = 0, line_bytes_ = 0, body_bytes_ = 0;
  std::string head_, decoded_;
  size_t at_decoded_ = 0;
  bool in_header_ = true, line_is_empty_ = true;
  bool answered_ = false;
  int status_ = 0;
};

// A chunked body; trailers are read and dropped.
std::string chunks_of(LimitedStream& stream, const HttpLimits& limits);

}  // namespace tritium::server
