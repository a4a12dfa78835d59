#include "server/http.h"

#include <httplib.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <thread>

#include "server/limited_stream.h"
#include "server/openai/json.h"

namespace tritium::server {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

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
  LimitedStream* stream = nullptr;
  bool is_1_0 = false;      // it knows neither chunks nor, unless asked, a second request
  bool is_counted = false;  // among those that are answered
  int status = 0;
};
thread_local Exchange* t_exchange = nullptr;

}  // namespace

// cpp-httplib's server, of which it does one request at a time: who listens, and what paths mean, is not its business.
class HttpServer::Http : public httplib::Server {
 public:
  Http(const HttpHandlers& handlers, const HttpLimits& limits, std::atomic<int>& answering, int listener)
      : handlers_(handlers), limits_(limits), answering_(answering) {
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
    exchange.stream = &stream;
    stream.dress = [this, &exchange](HttpReply& reply) { dress(exchange, reply); };
    bool closed = false;
    try {
      const bool done =
          process_request(stream, last, closed, [&](httplib::Request& request) { look_at(request, exchange); });
      return done && !closed && !exchange.is_1_0 && !stream.answered() && !exchange.request.method.empty();
    } catch (const Refused& refused) {
      if (stream.answered()) return false;
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
    exchange.is_1_0 = request.version == "HTTP/1.0";
    for (const auto& [name, value] : request.params) head.query.emplace(name, value);
    for (const auto& [name, value] : request.headers) head.headers.emplace(lower(name), value);
    take_absolute_form(head);
    if (exchange.is_1_0) request.headers.erase("Connection"), request.set_header("Connection", "close");
    request.path = "/";
    request.ranges.clear();
    for (const char* name : {"Content-Type", "Accept-Encoding", "Range"}) request.headers.erase(name);
    if (request.has_header("Content-Encoding"))
      throw Refused{reply_of(
          ApiError{.status = 415, .message = "bodies are taken as they are, not compressed", .code = "unsupported"})};
    const bool chunked = request.has_header("Transfer-Encoding");
    if (chunked && (request.get_header_value_count("Transfer-Encoding") > 1 ||
                    lower(head.header("transfer-encoding")) != "chunked"))
      throw bad_request("a body comes as it is, or chunked");
    const std::string length = head.header("content-length");
    const bool digits = std::ranges::all_of(length, [](unsigned char c) { return std::isdigit(c) != 0; });
    if (!digits || request.get_header_value_count("Content-Length") > 1 || (!length.empty() && chunked) ||
        (length.empty() && request.has_header("Content-Length")))
      throw Refused{reply_of(ApiError{.message = "Content-Length is not one number"})};
    constexpr size_t kMostDigits = 18;
    if (length.size() > kMostDigits || (!length.empty() && std::stoull(length) > limits_.body_bytes))
      throw Refused{reply_of(LimitedStream::body_too_large(limits_))};
    // cpp-httplib reads a body of these alone: it would take that of others for the next request.
    constexpr std::array<std::string_view, 4> kWithBody = {"POST", "PUT", "PATCH", "DELETE"};
    const bool has_body = chunked || length.find_first_not_of('0') != std::string::npos;
    if (has_body && std::ranges::find(kWithBody, head.method) == kWithBody.end())
      throw bad_request("a " + head.method + " has no body");
    if (head.method == "TRACE" || head.method == "CONNECT")
      throw Refused{
          reply_of(ApiError{.status = 501, .message = head.method + " means nothing here", .code = "unsupported"})};
    // A POST that says nothing of a body has none: it would be read until the client closes.
    if (length.empty() && !chunked) request.set_header("Content-Length", "0");
    if (handlers_.admit)
      if (std::optional<HttpReply> reply = handlers_.admit(head)) throw Refused{*std::move(reply)};
    if (chunked) unchunk(request, *exchange.stream);
  }

  // cpp-httplib gets the body as one piece: it takes no trailers.
  void unchunk(httplib::Request& request, LimitedStream& stream) const {
    if (lower(request.get_header_value("Expect")) == "100-continue") {
      constexpr std::string_view kGoOn = "HTTP/1.1 100 Continue\r\n\r\n";
      stream.write(kGoOn.data(), kGoOn.size());
      request.headers.erase("Expect");
    }
    std::string body = chunks_of(stream, limits_);
    request.headers.erase("Transfer-Encoding");
    request.set_header("Content-Length", std::to_string(body.size()));
    stream.put_back(std::move(body));
  }

  // "http://host/path", which proxies are told; its host is the request's.
  static void take_absolute_form(HttpRequest& head) {
    const std::string start = lower(head.path.substr(0, 8));
    const size_t host = start.starts_with("http://") ? 7 : start.starts_with("https://") ? 8 : 0;
    if (host == 0) return;
    const size_t path = std::min(head.path.find('/', host), head.path.size());
    head.headers["host"] = head.path.substr(host, path - host);
    head.path = path == head.path.size() ? "/" : head.path.substr(path);
  }

  void dress(const Exchange& exchange, HttpReply& reply) const {
    if (!handlers_.dress) return;
    HttpRequest known = exchange.request;
    for (const char* name : {"origin", "host"})
      if (!known.headers.contains(name))
        if (std::string value = exchange.stream->raw_header(name); !value.empty()) known.headers[name] = value;
    handlers_.dress(known, reply);
  }

  void answer(const httplib::Request& request, httplib::Response& response) {
    Exchange& exchange = *t_exchange;
    exchange.is_counted = true;
    ++answering_;
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
    const auto write = [stream = std::move(reply.stream), &exchange](size_t, httplib::DataSink& sink) {
      HttpSink ours(sink, *exchange.connection);
      stream(ours);
      if (ours.gone()) return false;
      sink.done();
      return true;
    };
    if (exchange.is_1_0)
      response.set_content_provider(reply.content_type, write);  // until the connection closes
    else
      response.set_chunked_content_provider(reply.content_type, write);
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
    HttpReply dressed;
    dress(exchange, dressed);
    // Where not even its head was read the connection ends, which cpp-httplib would not say.
    if (exchange.request.method.empty()) throw Refused{reply_of(error)};
    for (const auto& [name, value] : dressed.headers) response.set_header(name, value);
    response.set_content(json_text(error_json(error)), "application/json");
  }

  const HttpHandlers& handlers_;
  const HttpLimits& limits_;
  std::atomic<int>& answering_;
};

HttpServer::HttpServer(Listener listener, const HttpLimits& limits, HttpHandlers handlers)
    : listener_(std::move(listener)),
      limits_(limits),
      handlers_(std::move(handlers)),
      http_(std::make_unique<Http>(handlers_, limits_, answering_, listener_.descriptor())) {}

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
    exchange.request.remote = connection.remote();
    const steady_clock::time_point start = steady_clock::now();
    const bool goes_on = http_->one_request(stream, exchange, left == 1 || draining_);
    stream.dress = nullptr;
    if (exchange.is_counted) --answering_;
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
