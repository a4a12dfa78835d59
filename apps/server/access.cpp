// Who may ask: the key, and which pages in a browser.
#include <algorithm>
#include <array>
#include <cctype>

#include "server/service.h"

namespace tritium::server {
namespace {

// In a time that depends on what was given alone, not on the key.
bool is_key(std::string_view given, std::string_view key) {
  unsigned different = given.size() == key.size() ? 0 : 1;
  for (size_t i = 0; i < given.size(); ++i)
    different |= static_cast<unsigned char>(given[i] ^ key[key.empty() ? 0 : i % key.size()]);
  return different == 0;
}

bool needs_no_key(const HttpRequest& head) {
  return head.method == "OPTIONS" || head.path == "/health" || endpoint_of(head.path) == "/";
}

std::string without_port(const std::string& host) {
  const size_t colon = host.rfind(':');
  return colon == std::string::npos || host.ends_with(']') ? host : host.substr(0, colon);
}

// Names of headers and commas.
bool is_list_of_names(const std::string& text) {
  constexpr size_t kMost = 4096;
  const auto fits = [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view("!#$%&'*+-.^_`|~, ").find(static_cast<char>(c)) != std::string_view::npos;
  };
  return !text.empty() && text.size() <= kMost && std::ranges::all_of(text, fits);
}

bool is_here(const std::string& host) {
  constexpr std::array<std::string_view, 4> kNames = {"localhost", "127.0.0.1", "[::1]", "::1"};
  return std::ranges::find(kNames, host) != kNames.end();
}

// A page of this server itself, or one of those that may ask.
bool is_allowed(const Service& service, const HttpRequest& head, const std::string& origin) {
  const std::vector<std::string>& allowed = service.options.origins;
  if (std::ranges::find(allowed, origin) != allowed.end() || std::ranges::find(allowed, "*") != allowed.end())
    return true;
  const size_t scheme = origin.find("://");
  return scheme != std::string::npos && origin.substr(scheme + 3) == head.header("host");
}

ApiError forbidden(std::string code, std::string message) {
  return {.status = 403, .message = std::move(message), .code = std::move(code)};
}

}  // namespace

std::optional<HttpReply> admit_request(const Service& service, const HttpRequest& head) {
  const std::string& key = service.options.key;
  // A page elsewhere whose name leads here would have the rights of a program on this machine.
  const std::string host = lower(without_port(head.header("host")));
  if (key.empty() && is_here(service.options.host) && !host.empty() && !is_here(host) &&
      host != lower(service.options.host))
    return reply_of(
        forbidden("host_not_allowed", "this server answers to localhost, not to \"" + host.substr(0, 100) + "\""));
  const std::string origin = head.header("origin");
  if (!origin.empty() && !is_allowed(service, head, origin))
    return reply_of(
        forbidden("origin_not_allowed", "pages of " + origin.substr(0, 100) + " may not ask: --cors lets them"));
  if (key.empty() || needs_no_key(head)) return std::nullopt;
  constexpr std::string_view kBearer = "bearer ";
  const std::string given = head.header("authorization");
  if (lower(given.substr(0, kBearer.size())) == kBearer && is_key(std::string_view(given).substr(kBearer.size()), key))
    return std::nullopt;
  return reply_of(ApiError{
      .status = 401, .message = "this server asks for its key: Authorization: Bearer KEY", .code = "invalid_api_key"});
}

void add_cors(const Service& service, const HttpRequest& request, HttpReply& reply) {
  const std::string origin = request.header("origin");
  if (origin.empty() || service.options.origins.empty() || !is_allowed(service, request, origin)) return;
  reply.headers.emplace_back("Access-Control-Allow-Origin", origin);
  reply.headers.emplace_back("Vary", "Origin, Access-Control-Request-Headers");
  if (request.method != "OPTIONS") return;
  reply.headers.emplace_back("Access-Control-Allow-Methods", "GET, POST, OPTIONS");
  // What it asks for: clients of OpenAI's send headers of their own with each request.
  const std::string asked = request.header("access-control-request-headers");
  reply.headers.emplace_back("Access-Control-Allow-Headers",
                             is_list_of_names(asked) ? asked : "Authorization, Content-Type, Last-Event-ID");
  reply.headers.emplace_back("Access-Control-Max-Age", "600");
}

}  // namespace tritium::server
