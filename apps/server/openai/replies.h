// ReplyWriter: what a model said, piece by piece, as the bytes that a client gets: server-sent events, or one JSON.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/openai/json.h"

namespace tritium::server {

// "chatcmpl-…": a prefix and 24 random hexadecimal digits.
std::string new_id(const std::string& prefix);

struct TokenText {
  std::string text;  // its bytes
  double logprob = 0;
};

struct TokenLogprobs {
  TokenText token;
  bool known = true;  // false: a text's first token, which follows nothing
  std::vector<TokenText> top;
};

// Which experts computed a token: of each layer that has any, those that it chose.
using TokenExperts = std::vector<std::vector<int32_t>>;

enum class Finish { stop, length, tool_calls };

// What became certain of one choice.
struct Piece {
  size_t choice = 0;
  std::string content{}, reasoning{};
  std::string tool_calls{};  // JSON array of whole calls, as ChatReply has them; empty: none
  std::vector<TokenLogprobs> logprobs{};
  std::vector<TokenExperts> experts{};  // of its tokens, where they are asked for; streams tell them with their text
  std::optional<Finish> finish{};       // it is the choice's last
};

struct Usage {
  int64_t prompt_tokens = 0, cached_tokens = 0, completion_tokens = 0;
  uint64_t seed = 0;
  double tokens_per_second = 0, seconds_to_first_token = 0;
};

struct ReplyOptions {
  std::string model;
  int64_t created = 0;  // seconds since 1970
  size_t choices = 1;
  bool stream = false;
  bool include_usage = false;
  bool logprobs = false;
};

class ReplyWriter {
 public:
  virtual ~ReplyWriter() = default;
  // Each gives what is to be sent now: nothing but from end() where it is no stream.
  virtual std::string begin() = 0;
  virtual std::string add(const Piece& piece) = 0;
  virtual std::string end(const Usage& usage) = 0;
};

std::unique_ptr<ReplyWriter> chat_writer(const ReplyOptions& options);
// `echoed`: of each choice the prompt, where it is to be said again.
std::unique_ptr<ReplyWriter> completion_writer(const ReplyOptions& options, std::vector<std::string> echoed);
std::unique_ptr<ReplyWriter> responses_writer(const ReplyOptions& options, const Json& echoed);

// "data: …", an event; with its name where it has one.
std::string sse(const Json& data, const std::string& event = "");
std::string sse_error(const ApiError& error);
inline constexpr const char* kSseDone = "data: [DONE]\n\n";
inline constexpr const char* kSseKeepAlive = ": keep-alive\n\n";

// ---- answers that are no generations

struct ModelEntry {
  std::string id, adapter_of, architecture;
  uint64_t parameters = 0, active_parameters = 0, bytes = 0;
  int64_t layers = 0, experts = 0, experts_used = 0, context = 0, vocabulary = 0, created = 0;
  bool chat = false, parked = false;
  std::vector<std::string> warnings;
};
Json model_json(const ModelEntry& entry);
Json list_json(Json data);
Json embeddings_json(const std::string& model, const std::vector<std::vector<float>>& vectors, bool base64,
                     int64_t tokens);
std::string base64_of(std::string_view bytes);

}  // namespace tritium::server
