// HttpServer: connections, requests and their limits. cpp-httplib reads and writes HTTP/1.1; who listens, a thread for
// each connection, and every limit are here, so that no client can hold up another, or take more than its share.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/connection.h"
#include "server/openai/error.h"

namespace tritium::server {

struct HttpLimits {
  size_t connections = 256;  // at once; who comes beyond is told so, and let go
  size_t header_bytes = size_t{32} << 10;
  size_t body_bytes = size_t{8} << 20;
  std::chrono::seconds read{30};        // for a whole request, from its first byte on
  std::chrono::seconds keep_alive{15};  // for that first byte
  std::chrono::seconds write{20};       // without a byte that is taken
};

struct HttpRequest {
  std::string method, path;
  std::map<std::string, std::string> query;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
  std::string remote;
  std::string header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string() : found->second;
  }
};

// Where a stream goes.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual bool write(std::string_view text) = 0;  // false: the client is gone
  virtual bool gone() = 0;
};

struct HttpReply {
  int status = 200;
  std::string body{};
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers{};
  std::function<void(Sink&)> stream{};  // in place of the body: writes it
};

HttpReply reply_of(const ApiError& error);
std::string lower(std::string text);  // of ASCII

struct HttpHandlers {
  // Before the body is read; what it gives is the answer. It may add headers of the answer.
  std::function<std::optional<HttpReply>(const HttpRequest& head)> admit;
  // `gone`: whether the client has left.
  std::function<HttpReply(const HttpRequest& request, const std::function<bool()>& gone)> answer;
  std::function<void(const HttpRequest& request, int status, double seconds)> done;
  // Adds headers to an answer that is none of `answer`'s; of a request that was not read whole as much as there is.
  std::function<void(const HttpRequest& request, HttpReply& reply)> dress{};
};

struct HttpFigures {
  size_t connections = 0;
  uint64_t accepted = 0, refused = 0;
};

class HttpServer {
 public:
  HttpServer(Listener listener, const HttpLimits& limits, HttpHandlers handlers);
  // Ends connections and waits for their threads.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Accepts for at most so long.
  void serve(std::chrono::milliseconds at_most);
  // No keep-alive from now on.
  void drain() { draining_ = true; }
  bool is_answering() const { return answering_ > 0; }  // somebody whose request is there
  HttpFigures figures() const;
  int port() const { return listener_.port(); }

 private:
  class Http;  // cpp-httplib's server
  void converse(Connection& connection);
  void refuse(Connection connection);

  Listener listener_;
  const HttpLimits limits_;
  const HttpHandlers handlers_;
  std::unique_ptr<Http> http_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::set<Connection*> connections_;
  HttpFigures figures_;
  std::atomic<bool> draining_ = false;
  std::atomic<int> answering_ = 0;
};

}  // namespace tritium::server
