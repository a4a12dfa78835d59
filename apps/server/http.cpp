#include "server/http.h"

#include <httplib.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <thread>

#include "server/openai/json.h"

namespace tritium::server {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// A reply before cpp-httplib has one.
struct Refused {
  HttpReply reply;
};

const char* reason_of(int status) {
  switch (status) {
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 408: return "Request Timeout";
    case 413: return "Payload Too Large";
    case 415: return "Unsupported Media Type";
    case 431: return "Request Header Fields Too Large";
    case 503: return "Service Unavailable";
    default: return "Error";
  }
}

std::string plain_reply(const HttpReply& reply) {
  std::string text = "HTTP/1.1 " + std::to_string(reply.status) + " " + reason_of(reply.status) +
                     "\r\nContent-Type: " + reply.content_type +
                     "\r\nContent-Length: " + std::to_string(reply.body.size()) + "\r\nConnection: close\r\n";
  for (const auto& [name, value] : reply.headers) text.append(name).append(": ").append(value).append("\r\n");
  return text + "\r\n" + reply.body;
}

// A connection as cpp-httplib reads it: counts what comes, and answers by itself what is too much or too slow. What it
// answered is the last that is written.
class LimitedStream : public httplib::Stream {
 public:
  LimitedStream(Connection& connection, const HttpLimits& limits)
      : connection_(connection), limits_(limits), until_(in(limits.read)) {}

  bool is_readable() const override { return at_ < buffered_ || connection_.is_readable(milliseconds(0)); }
  bool is_writable() const override { return !answered_ && !connection_.peer_is_gone(); }

  ssize_t read(char* into, size_t size) override {
    if (answered_) return -1;
    if (at_ == buffered_) {
      const long n = connection_.read(buffer_.data(), buffer_.size(), until_);
      if (n < 0 && steady_clock::now() >= until_)
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
    header_bytes_ = body_bytes_ = 0;
  }
  bool has_more() const { return at_ < buffered_; }
  bool answered() const { return answered_; }
  int status() const { return status_; }

  ssize_t answer(const ApiError& error) {
    if (answered_) return -1;
    answered_ = true;
    status_ = error.status;
    connection_.write(plain_reply(reply_of(error)), limits_.write);
    return -1;
  }
  void answer(const HttpReply& reply) {
    answered_ = true;
    status_ = reply.status;
    connection_.write(plain_reply(reply), limits_.write);
  }

 private:
  bool count(std::string_view bytes) {
    for (const char c : bytes) {
      if (!in_header_) {
        ++body_bytes_;
        continue;
      }
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
  size_t header_bytes_ = 0, body_bytes_ = 0;
  bool in_header_ = true, line_is_empty_ = true;
  bool answered_ = false;
  int status_ = 0;
};

class HttpSink : public Sink {
 public:
  HttpSink(httplib::DataSink& sink, const Connection& connection) : sink_(sink), connection_(connection) {}
  bool write(std::string_view text) override {
    if (text.empty() || broken_) return !broken_;
    broken_ = !sink_.write(text.data(), text.size());
    return !broken_;
  }
  bool gone() override { return broken_ || connection_.peer_is_gone(); }

 private:
  httplib::DataSink& sink_;
  const Connection& connection_;
  bool broken_ = false;
};

// One request of this thread's connection.
struct Exchange {
  HttpRequest request;
  Connection* connection = nullptr;
  std::optional<HttpReply> early;
  int status = 0;
};
thread_local Exchange* t_exchange = nullptr;

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

}  // namespace

HttpReply reply_of(const ApiError& error) {
  HttpReply reply{.status = error.status, .body = json_text(error_json(error))};
  if (error.retry_after_s > 0) reply.headers.emplace_back("Retry-After", std::to_string(error.retry_after_s));
  if (error.status == 401) reply.headers.emplace_back("WWW-Authenticate", "Bearer");
  return reply;
}

// cpp-httplib's server, of which it does one request at a time: who listens, and what paths mean, is not its business.
class HttpServer::Http : public httplib::Server {
 public:
  Http(const HttpHandlers& handlers, const HttpLimits& limits, int listener) : handlers_(handlers), limits_(limits) {
    svr_sock_ = listener;  // it writes streams as long as there is one
    set_payload_max_length(limits.body_bytes);
    keep_alive_max_count_ = kRequests;
    keep_alive_timeout_sec_ = limits.keep_alive.count();
    const Handler handler = [this](const httplib::Request& request, httplib::Response& response) {
      answer(request, response);
    };
    // Paths are ours to look at: a regular expression of <regex> recurses over them.
    Get("/", handler), Post("/", handler), Put("/", handler), Patch("/", handler), Delete("/", handler),
        Options("/", handler);
    set_error_handler([this](const httplib::Request&, httplib::Response& response) { explain(response); });
    set_exception_handler([](const httplib::Request&, httplib::Response& response, std::exception_ptr problem) {
      std::string what = "an unknown exception";
      try {
        std::rethrow_exception(std::move(problem));
      } catch (const std::exception& known) {
        what = known.what();
      } catch (...) {
      }
      response.status = 500;
      response.set_content(json_text(error_json(server_error(what))), "application/json");
    });
  }
  ~Http() override { svr_sock_ = INVALID_SOCKET; }  // it is the listener's

  static constexpr size_t kRequests = 1000;  // of one connection

  // False: the connection ends.
  bool one_request(LimitedStream& stream, Exchange& exchange, bool last) {
    t_exchange = &exchange;
    bool closed = false;
    try {
      const bool done =
          process_request(stream, last, closed, [&](httplib::Request& request) { look_at(request, exchange); });
      return done && !closed && !stream.answered() && !exchange.request.method.empty();
    } catch (const Refused& refused) {
      exchange.status = refused.reply.status;
      stream.answer(refused.reply);
      return false;
    }
  }

 private:
  // The head of a request, before its body. What cpp-httplib would do on its own with a body is taken away from it.
  void look_at(httplib::Request& request, Exchange& exchange) {
    HttpRequest& head = exchange.request;
    head.method = request.method;
    head.path = request.path;
    head.remote = exchange.connection->remote();
    for (const auto& [name, value] : request.params) head.query.emplace(name, value);
    for (const auto& [name, value] : request.headers) head.headers.emplace(lower(name), value);
    request.path = "/";
    request.ranges.clear();
    for (const char* name : {"Content-Type", "Accept-Encoding", "Range"}) request.headers.erase(name);
    if (request.has_header("Content-Encoding"))
      throw Refused{reply_of(
          ApiError{.status = 415, .message = "bodies are taken as they are, not compressed", .code = "unsupported"})};
    const std::string length = head.header("content-length");
    const bool digits = std::ranges::all_of(length, [](unsigned char c) { return std::isdigit(c) != 0; });
    if (!digits || request.get_header_value_count("Content-Length") > 1 ||
        (!length.empty() && request.has_header("Transfer-Encoding")))
      throw Refused{reply_of(ApiError{.message = "Content-Length is not one number"})};
    constexpr size_t kMostDigits = 18;
    if (length.size() > kMostDigits || (!length.empty() && std::stoull(length) > limits_.body_bytes))
      throw Refused{reply_of(LimitedStream::body_too_large(limits_))};
    // A POST that says nothing of a body has none: it would be read until the client closes.
    if (length.empty() && !request.has_header("Transfer-Encoding")) request.set_header("Content-Length", "0");
    if (handlers_.admit)
      if (std::optional<HttpReply> reply = handlers_.admit(head)) throw Refused{*std::move(reply)};
  }

  void answer(const httplib::Request& request, httplib::Response& response) {
    Exchange& exchange = *t_exchange;
    if (request.body.size() > limits_.body_bytes) {
      give(reply_of(LimitedStream::body_too_large(limits_)), response);
      return;
    }
    exchange.request.body = request.body;
    give(handlers_.answer(exchange.request, [&] { return exchange.connection->peer_is_gone(); }), response);
  }

  static void give(HttpReply reply, httplib::Response& response) {
    Exchange& exchange = *t_exchange;
    response.status = exchange.status = reply.status;
    for (const auto& [name, value] : reply.headers) response.set_header(name, value);
    if (!reply.stream) {
      response.set_content(reply.body, reply.content_type);
      return;
    }
    response.set_chunked_content_provider(
        reply.content_type, [stream = std::move(reply.stream), &exchange](size_t, httplib::DataSink& sink) {
          HttpSink ours(sink, *exchange.connection);
          stream(ours);
          if (ours.gone()) return false;
          sink.done();
          return true;
        });
  }

  // What cpp-httplib refuses by itself.
  void explain(httplib::Response& response) const {
    Exchange& exchange = *t_exchange;
    exchange.status = response.status;
    if (!response.body.empty()) return;
    ApiError error{.status = response.status, .message = "the request is not HTTP/1.1 as it should be"};
    if (response.status == 413) error = LimitedStream::body_too_large(limits_);
    if (response.status == 414) error.message = "the address is too long", error.code = "uri_too_long";
    if (response.status == 404 || response.status == 405) {
      error.status = response.status = 405;
      error.message = "this method means nothing here", error.code = "method_not_allowed";
    }
    response.set_content(json_text(error_json(error)), "application/json");
  }

  const HttpHandlers& handlers_;
  const HttpLimits& limits_;
};

HttpServer::HttpServer(Listener listener, const HttpLimits& limits, HttpHandlers handlers)
    : listener_(std::move(listener)),
      limits_(limits),
      handlers_(std::move(handlers)),
      http_(std::make_unique<Http>(handlers_, limits_, listener_.descriptor())) {}

HttpServer::~HttpServer() {
  drain();
  std::unique_lock lock(mutex_);
  for (Connection* connection : connections_) connection->shut_down();
  changed_.wait(lock, [this] { return figures_.connections == 0; });
}

HttpFigures HttpServer::figures() const {
  const std::lock_guard lock(mutex_);
  return figures_;
}

void HttpServer::serve(milliseconds at_most) {
  std::optional<Connection> came = listener_.accept(at_most);
  if (!came) return;
  bool room = false;
  {
    const std::lock_guard lock(mutex_);
    room = figures_.connections < limits_.connections;
    ++(room ? figures_.accepted : figures_.refused);
    if (room) ++figures_.connections;
  }
  if (!room) return refuse(*std::move(came));
  const auto leave = [this] {
    const std::lock_guard lock(mutex_);
    --figures_.connections;
    changed_.notify_all();
  };
  auto connection = std::make_shared<Connection>(*std::move(came));
  try {
    std::thread([this, connection, leave]() mutable {
      converse(*connection);
      connection.reset();
      leave();
    }).detach();
  } catch (const std::system_error&) {
    refuse(std::move(*connection));
    leave();
  }
}

// At once, for whoever accepts does this.
void HttpServer::refuse(Connection connection) {
  const ApiError error{.status = 503,
                       .message = "this server has as many connections as it takes: try again later",
                       .type = "server_error",
                       .code = "too_many_connections",
                       .retry_after_s = 1};
  connection.write(plain_reply(reply_of(error)), milliseconds(0));
  connection.close_gently(milliseconds(0));
}

void HttpServer::converse(Connection& connection) {
  {
    const std::lock_guard lock(mutex_);
    connections_.insert(&connection);
  }
  LimitedStream stream(connection, limits_);
  for (size_t left = Http::kRequests; left > 0; --left) {
    if (!stream.has_more() && !connection.is_readable(limits_.keep_alive)) break;
    if (!stream.has_more() && connection.peer_is_gone()) break;
    stream.next_request();
    Exchange exchange{.connection = &connection};
    const steady_clock::time_point start = steady_clock::now();
    ++answering_;
    const bool goes_on = http_->one_request(stream, exchange, left == 1 || draining_);
    --answering_;
    const std::chrono::duration<double> seconds = steady_clock::now() - start;
    if (handlers_.done)
      handlers_.done(exchange.request, stream.answered() ? stream.status() : exchange.status, seconds.count());
    if (!goes_on || draining_) break;
  }
  {
    const std::lock_guard lock(mutex_);
    connections_.erase(&connection);
  }
  constexpr milliseconds kLastWords(500);
  connection.close_gently(kLastWords);
}

}  // namespace tritium::server
