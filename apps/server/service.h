// Service: what the endpoints share.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <semaphore>
#include <string>

#include "server/answer.h"
#include "server/http.h"
#include "server/jobs.h"
#include "server/metrics.h"
#include "server/models.h"
#include "server/server.h"

namespace tritium::server {

struct Service {
  ServerOptions options;
  Models models;
  Metrics metrics;
  std::unique_ptr<Jobs> jobs;  // null: there is no fine-tuning here
  std::function<HttpFigures()> http_figures;
  std::chrono::steady_clock::time_point started = std::chrono::steady_clock::now();
  std::atomic<bool> stopping = false;  // what comes now is refused
  std::atomic<bool> cutting = false;   // and what is under way is cancelled
  // Each takes memory of its own, beside the sessions.
  std::counting_semaphore<2> embeddings_at_once{2};

  AnswerLimits answer_limits() const { return {.max_tokens = options.max_tokens, .time = options.request_timeout}; }
  double uptime_s() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count(); }
};

using Gone = std::function<bool()>;

// endpoints.cpp
HttpReply answer_request(Service& service, const HttpRequest& request, const Gone& gone);
std::string endpoint_of(const std::string& path);  // for metrics: few names

// access.cpp
std::optional<HttpReply> admit_request(const Service& service, const HttpRequest& head);
void add_cors(const Service& service, const HttpRequest& request, HttpReply& reply);

// generation_endpoints.cpp
HttpReply chat_completions(Service& service, const HttpRequest& request, const Gone& gone);
HttpReply completions(Service& service, const HttpRequest& request, const Gone& gone);
HttpReply responses(Service& service, const HttpRequest& request, const Gone& gone);

// text_endpoints.cpp
HttpReply embeddings(Service& service, const HttpRequest& request, const Gone& gone);
HttpReply tokenize(Service& service, const HttpRequest& request);
HttpReply detokenize(Service& service, const HttpRequest& request);

// state_endpoints.cpp
HttpReply list_models(Service& service);
HttpReply one_model(Service& service, const std::string& id);
HttpReply health(Service& service);

// job_endpoints.cpp
HttpReply fine_tuning(Service& service, const HttpRequest& request, const Gone& gone);
HttpReply list_files(Service& service);

inline HttpReply reply_of(const Json& json) { return {.body = json_text(json)}; }

}  // namespace tritium::server
