// Which path is which endpoint.
#include <algorithm>
#include <array>

#include "server/page.h"
#include "server/service.h"

namespace tritium::server {
namespace {

struct Route {
  const char* method;
  const char* path;
  HttpReply (*answer)(Service&, const HttpRequest&, const Gone&);
};

constexpr const char* kJobs = "/v1/fine_tuning/jobs";
constexpr const char* kModels = "/v1/models/";

const std::array<Route, 16>& routes() {
  using S = Service&;
  using R = const HttpRequest&;
  using G = const Gone&;
  static const std::array<Route, 16> all = {{
      {"POST", "/v1/chat/completions", chat_completions},
      {"POST", "/v1/completions", completions},
      {"POST", "/v1/responses", responses},
      {"POST", "/v1/embeddings", embeddings},
      {"GET", "/v1/models", [](S s, R, G) { return list_models(s); }},
      {"POST", "/tokenize", [](S s, R r, G) { return tokenize(s, r); }},
      {"POST", "/v1/tokenize", [](S s, R r, G) { return tokenize(s, r); }},
      {"POST", "/detokenize", [](S s, R r, G) { return detokenize(s, r); }},
      {"POST", "/v1/detokenize", [](S s, R r, G) { return detokenize(s, r); }},
      {"GET", "/health", [](S s, R, G) { return health(s); }},
      {"GET", "/metrics",
       [](S s, R, G) {
         return HttpReply{.body = s.metrics.text(s.models, s.http_figures(), s.uptime_s()),
                          .content_type = "text/plain; version=0.0.4; charset=utf-8"};
       }},
      {"GET", "/v1/files", [](S s, R, G) { return list_files(s); }},
      {"POST", kJobs, fine_tuning},
      {"GET", kJobs, fine_tuning},
      {"GET", "/v1/health", [](S s, R, G) { return health(s); }},
      {"GET", "/favicon.ico", [](S, R, G) { return HttpReply{.status = 204}; }},
  }};
  return all;
}

std::string_view method_of(const HttpRequest& request) {
  return request.method == "HEAD" ? std::string_view("GET") : std::string_view(request.method);
}

// What the browser has already is not sent again.
HttpReply page_reply(const PageFile& file, const HttpRequest& request) {
  constexpr int kNotModified = 304;
  HttpReply reply = {.content_type = std::string(file.content_type),
                     .headers = {{"Cache-Control", "no-cache"},
                                 {"ETag", std::string(file.etag)},
                                 {"X-Content-Type-Options", "nosniff"},
                                 {"Referrer-Policy", "no-referrer"},
                                 {"Content-Security-Policy", std::string(page_policy())}}};
  if (request.header("if-none-match") == file.etag)
    reply.status = kNotModified;
  else
    reply.body = std::string(file.content);
  return reply;
}

HttpReply find_answer(Service& service, const HttpRequest& request, const Gone& gone) {
  const std::string_view method = method_of(request);
  std::string allowed;
  for (const Route& route : routes()) {
    if (request.path != route.path) continue;
    if (method == route.method) return route.answer(service, request, gone);
    allowed += std::string(route.method) + (route.method == std::string_view("GET") ? ", HEAD, " : ", ");
  }
  if (request.path.starts_with(std::string(kJobs) + "/")) return fine_tuning(service, request, gone);
  if (method == "GET" && request.path.starts_with(kModels))
    return one_model(service, request.path.substr(std::string_view(kModels).size()));
  if (const PageFile* file = page_file(request.path); file && method == "GET") return page_reply(*file, request);
  if (page_file(request.path)) allowed = "GET, HEAD, ";
  if (!allowed.empty()) {
    HttpReply reply = reply_of(ApiError{
        .status = 405, .message = request.method + " means nothing for " + request.path, .code = "method_not_allowed"});
    reply.headers.emplace_back("Allow", allowed + "OPTIONS");
    return reply;
  }
  return reply_of(not_found("not_found", "there is no " + request.method + " " + request.path.substr(0, 200)));
}

}  // namespace

std::string endpoint_of(const std::string& path) {
  for (const Route& route : routes())
    if (path == route.path) return path;
  if (path.starts_with(kJobs)) return kJobs;
  if (path.starts_with(kModels)) return "/v1/models";
  return page_file(path) ? "/" : "other";
}

HttpReply answer_request(Service& service, const HttpRequest& request, const Gone& gone) {
  constexpr int kNoContent = 204;
  HttpReply reply = request.method == "OPTIONS" ? HttpReply{.status = kNoContent} : find_answer(service, request, gone);
  add_cors(service, request, reply);
  return reply;
}

}  // namespace tritium::server
