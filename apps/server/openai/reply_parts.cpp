#include "server/openai/reply_parts.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>

namespace tritium::server {

std::string new_id(const std::string& prefix) {
  constexpr char kDigits[] = "0123456789abcdef";
  constexpr int kLength = 24;
  thread_local std::random_device random;
  std::string id = prefix;
  for (int i = 0; i < kLength; ++i) id += kDigits[random() % 16];
  return id;
}

Json calls_json(const std::string& tool_calls) {
  Json all = Json::array();
  if (tool_calls.empty()) return all;
  const Outcome<Json> calls = parse_json(tool_calls);
  if (!calls.ok() || !calls->is_array()) return all;
  for (const Json& call : *calls) {
    const auto function = call.find("function");
    if (function == call.end()) continue;
    const Json arguments = function->value("arguments", Json::object());
    const auto id = call.find("id");
    all.push_back({{"id", id != call.end() && id->is_string() ? id->get<std::string>() : new_id("call_")},
                   {"type", "function"},
                   {"function",
                    {{"name", function->value("name", "")},
                     {"arguments", arguments.is_string() ? arguments.get<std::string>() : json_text(arguments)}}}});
  }
  return all;
}

Json usage_json(const Usage& usage) {
  return {{"prompt_tokens", usage.prompt_tokens},
          {"completion_tokens", usage.completion_tokens},
          {"total_tokens", usage.prompt_tokens + usage.completion_tokens},
          {"prompt_tokens_details", {{"cached_tokens", usage.cached_tokens}}}};
}

Json figures_json(const Usage& usage) {
  return {{"seed", usage.seed},
          {"tokens_per_second", usage.tokens_per_second},
          {"seconds_to_first_token", usage.seconds_to_first_token}};
}

const char* finish_name(Finish finish) {
  switch (finish) {
    case Finish::length: return "length";
    case Finish::tool_calls: return "tool_calls";
    case Finish::stop: break;
  }
  return "stop";
}

double finite_logprob(double value) {
  constexpr double kLeast = -9999.0;  // OpenAI's word for what is out of the question
  return std::isfinite(value) ? std::max(value, kLeast) : kLeast;
}

namespace {

Json token_json(const TokenText& token) {
  Json bytes = Json::array();
  for (const char c : token.text) bytes.push_back(static_cast<unsigned char>(c));
  return {{"token", token.text}, {"logprob", finite_logprob(token.logprob)}, {"bytes", bytes}};
}

}  // namespace

Json logprobs_json(const std::vector<TokenLogprobs>& tokens) {
  Json all = Json::array();
  for (const TokenLogprobs& one : tokens) {
    Json entry = token_json(one.token);
    entry["top_logprobs"] = Json::array();
    for (const TokenText& other : one.top) entry["top_logprobs"].push_back(token_json(other));
    all.push_back(std::move(entry));
  }
  return all;
}

Json experts_json(const std::vector<TokenExperts>& tokens) {
  if (tokens.empty()) return nullptr;
  return tokens.size() == 1 ? Json(tokens.front()) : Json(tokens);
}

void append(std::vector<TokenLogprobs>& all, const std::vector<TokenLogprobs>& more) {
  all.insert(all.end(), more.begin(), more.end());
}

std::string sse(const Json& data, const std::string& event) {
  return (event.empty() ? "" : "event: " + event + "\n") + "data: " + json_text(data) + "\n\n";
}

std::string sse_error(const ApiError& error) { return sse(error_json(error)); }

Json list_json(Json data) { return {{"object", "list"}, {"data", std::move(data)}}; }

Json model_json(const ModelEntry& e) {
  return {{"id", e.id},
          {"object", "model"},
          {"created", e.created},
          {"owned_by", "tritium"},
          {"tritium",
           {{"adapter_of", e.adapter_of.empty() ? Json() : Json(e.adapter_of)},
            {"architecture", e.architecture},
            {"parameters", e.parameters},
            {"active_parameters", e.active_parameters},
            {"layers", e.layers},
            {"experts", e.experts},
            {"experts_used", e.experts_used},
            {"context", e.context},
            {"vocabulary", e.vocabulary},
            {"chat", e.chat},
            {"parked", e.parked},
            {"bytes", e.bytes},
            {"warnings", e.warnings}}}};
}

std::string base64_of(std::string_view bytes) {
  constexpr char kLetters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t three = 0;
    const size_t n = std::min<size_t>(3, bytes.size() - i);
    for (size_t k = 0; k < 3; ++k) three = three << 8 | (k < n ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    for (size_t k = 0; k < 4; ++k) text += k <= n ? kLetters[three >> (18 - 6 * k) & 63] : '=';
  }
  return text;
}

Json embeddings_json(const std::string& model, const std::vector<std::vector<float>>& vectors, bool base64,
                     int64_t tokens) {
  Json data = Json::array();
  for (const std::vector<float>& vector : vectors) {
    Json values;
    if (base64) {  // of little-endian floats
      std::string bytes(vector.size() * sizeof(float), '\0');
      std::memcpy(bytes.data(), vector.data(), bytes.size());
      values = base64_of(bytes);
    } else {
      values = vector;
    }
    const size_t index = data.size();
    data.push_back({{"object", "embedding"}, {"index", index}, {"embedding", std::move(values)}});
  }
  Json answer = list_json(std::move(data));
  answer["model"] = model;
  answer["usage"] = {{"prompt_tokens", tokens}, {"total_tokens", tokens}};
  return answer;
}

}  // namespace tritium::server
