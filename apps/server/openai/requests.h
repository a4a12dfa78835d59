// What requests ask for, read from their JSON. Nothing here knows a model: names, tokens and texts are looked up later.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "server/openai/json.h"
#include "tritium/tritium.hpp"

namespace tritium::server {

inline constexpr int64_t kMaxChoices = 16;
inline constexpr int64_t kMaxTopLogprobs = 20;
inline constexpr size_t kMaxStops = 16;
inline constexpr size_t kMaxInputs = 256;   // texts of one request for embeddings
inline constexpr size_t kMaxPrompts = 128;  // of one request

// What all requests have in common that generate.
struct GenerationRequest {
  std::string model;                                           // empty: the only one
  std::optional<int64_t> max_tokens{};                         // as the request says
  GenerateOptions generate{.sampler = {.seed = kRandomSeed}};  // but for max_tokens
  int64_t n = 1;
  bool stream = false;
  bool include_usage = false;
  bool logprobs = false;
  int64_t top_logprobs = 0;
  bool cache_prompt = true;
  bool seeded() const { return generate.sampler.seed != kRandomSeed; }
};

enum class ToolChoice { automatic, none, required };

struct ChatRequest : GenerationRequest {
  std::string messages;  // JSON array, as chat templates take it
  ChatOptions chat;      // its tools are those that may be called
  ToolChoice tool_choice = ToolChoice::automatic;
  bool held_to_form = false;  // by response_format or a grammar: the text is the content, whatever it looks like
};

// A text that is to be continued, or its tokens.
using CompletionPrompt = std::variant<std::string, std::vector<int32_t>>;

struct CompletionRequest : GenerationRequest {
  std::vector<CompletionPrompt> prompts;  // n choices of each
  bool echo = false;                      // with logprobs: those of the prompts' tokens, too
};

struct ResponsesRequest {
  ChatRequest chat;
  Json echoed;  // what the answer repeats: instructions, tools, text, …
};

struct EmbeddingsRequest {
  std::string model;
  std::vector<std::string> inputs;
  bool base64 = false;
  std::optional<int64_t> dimensions{};
};

struct TokenizeRequest {
  std::string model;
  std::optional<std::string> content{};
  std::string messages;  // where there is no content
  ChatOptions chat;
  bool pieces = false;
};

struct DetokenizeRequest {
  std::string model;
  std::vector<int32_t> tokens;
};

struct FineTuningRequest {
  std::string model;
  std::string training_file, validation_file, suffix;
  std::optional<int64_t> seed{};
  int64_t n_epochs = 3, batch_size = 16;
  double learning_rate_multiplier = 1;
  bool epochs_given = false, batch_given = false;
  Json options = Json::object();  // of training, by their names
};

Outcome<ChatRequest> read_chat(const Json& body);
Outcome<CompletionRequest> read_completion(const Json& body);
Outcome<ResponsesRequest> read_responses(const Json& body);
Outcome<EmbeddingsRequest> read_embeddings(const Json& body);
Outcome<TokenizeRequest> read_tokenize(const Json& body);
Outcome<DetokenizeRequest> read_detokenize(const Json& body);
Outcome<FineTuningRequest> read_fine_tuning(const Json& body);

}  // namespace tritium::server
