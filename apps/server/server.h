// Server: `tritium serve`. Models by name behind OpenAI's endpoints; papers/server.md says which.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tritium/tritium.hpp"

namespace tritium::server {

struct ServerOptions {
  std::string host = "127.0.0.1";
  int port = 8080;                     // 0: any
  std::string key;                     // empty: none is asked for
  std::vector<std::string> origins{};  // whose pages may ask; "*": all

  int64_t sessions = 8;
  SessionOptions session{};
  int64_t batch = 64;  // tokens of prompts between two passes
  int64_t queue = 256;
  int64_t max_tokens = 0;  // of an answer that says none; 0: what the context has room for
  uint64_t prompt_cache_bytes = uint64_t{256} << 20;
  std::chrono::seconds park_after{600};  // 0: never

  int64_t connections = 256;
  uint64_t body_bytes = uint64_t{4} << 20;
  std::chrono::seconds read_timeout{30}, request_timeout{600}, stop_timeout{30};

  std::string files, jobs;                                       // folders; empty: no fine-tuning
  int training_threads = 0;                                      // 0: all
  std::function<Result<Model>(const std::string& path)> load{};  // of what a job made
  DeviceInfo device{};
  LogSink log{};
  std::function<void(const std::string&)> access_log{};
};

struct NamedModel {
  std::string name;
  std::string path;
  Model model;
};

struct NamedAdapter {
  std::string model, name, path;
};

class Server {
 public:
  // Listens; nobody is answered before run().
  static Result<std::unique_ptr<Server>> start(std::vector<NamedModel> models,
                                               const std::vector<NamedAdapter>& adapters, const ServerOptions& options);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  int port() const;
  // Until `keep_going` says no; then no request is taken any more, and those under way are waited for. A supervisor
  // that NOTIFY_SOCKET names is told of both.
  void run(const std::function<bool()>& keep_going);

 private:
  struct State;
  explicit Server(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace tritium::server
