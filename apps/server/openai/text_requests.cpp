// The endpoints of texts and tokens, and of fine-tuning.
#include <algorithm>

#include "server/openai/read_parts.h"

namespace tritium::server {
namespace {

bool is_tokens(const Json& value) { return value.is_array() && !value.empty() && value[0].is_number(); }

CompletionPrompt read_prompt(const Json& one, const std::string& place, std::optional<ApiError>& error) {
  if (one.is_string()) return one.get<std::string>();
  if (is_tokens(one)) return read_tokens(one, place, error);
  if (!error) error = invalid(place, "must be a string or an array of token ids");
  return {};
}

// A text or tokens, or an array of them.
std::vector<CompletionPrompt> read_prompts(const Json& prompt, std::optional<ApiError>& error) {
  if (!prompt.is_array() || prompt.empty() || is_tokens(prompt)) return {read_prompt(prompt, "prompt", error)};
  if (prompt.size() > kMaxPrompts) {
    if (!error) error = invalid("prompt", "has more than " + std::to_string(kMaxPrompts) + " prompts");
    return {};
  }
  std::vector<CompletionPrompt> all;
  for (const Json& one : prompt) all.push_back(read_prompt(one, "prompt[" + std::to_string(all.size()) + "]", error));
  return all;
}

}  // namespace

Outcome<CompletionRequest> read_completion(const Json& body) {
  CompletionRequest request;
  std::optional<ApiError> error;
  Fields fields(body, "", error);
  read_generation(fields, request);
  constexpr int64_t kDefault = 16;  // OpenAI's
  int64_t most = kDefault;
  fields.read("max_tokens", most, 0, INT32_MAX);
  request.max_tokens = most;
  request.logprobs = fields.read("logprobs", request.top_logprobs, 0, kMaxTopLogprobs);
  fields.read("echo", request.echo);
  if (const Json* prompt = fields.find("prompt"))
    request.prompts = read_prompts(*prompt, error);
  else
    fields.refuse("prompt", "is missing");
  int64_t best_of = 1;
  if (fields.read("best_of", best_of, 1, kMaxChoices) && best_of != request.n)
    fields.refuse_unsupported("best_of", "must be n");
  if (fields.find("suffix")) fields.refuse_unsupported("suffix", "is not taken here");
  fields.finish();
  if (error) return *error;
  return request;
}

Outcome<EmbeddingsRequest> read_embeddings(const Json& body) {
  EmbeddingsRequest request;
  std::optional<ApiError> error;
  Fields fields(body, "", error);
  fields.read("model", request.model);
  if (!fields.read("input", request.inputs, kMaxInputs)) fields.refuse("input", "is missing");
  if (request.inputs.empty()) fields.refuse("input", "there is no text");
  for (const std::string& text : request.inputs)
    if (text.empty()) fields.refuse("input", "a text is empty");
  size_t format = 0;
  fields.read_choice("encoding_format", {"float", "base64"}, format);
  request.base64 = format == 1;
  int64_t dimensions = 0;
  if (fields.read("dimensions", dimensions, 1, INT32_MAX)) request.dimensions = dimensions;
  fields.ignore({"user"});
  fields.finish();
  if (error) return *error;
  return request;
}

Outcome<TokenizeRequest> read_tokenize(const Json& body) {
  TokenizeRequest request;
  std::optional<ApiError> error;
  Fields fields(body, "", error);
  fields.read("model", request.model);
  fields.read("pieces", request.pieces);
  std::string content;
  if (fields.read("content", content)) request.content = content;
  if (const Json* messages = fields.read_array("messages")) {
    if (request.content) fields.refuse("messages", "is there beside content: take one of them");
    ChatRequest chat;
    read_tools(fields, false, chat);
    if (const Json* variables = fields.read_object("chat_template_kwargs")) chat.chat.variables = json_text(*variables);
    request.chat = chat.chat;
    request.messages = read_messages(*messages, "messages", error);
  } else if (!request.content) {
    fields.refuse("content", "is missing");
  }
  fields.finish();
  if (error) return *error;
  return request;
}

Outcome<DetokenizeRequest> read_detokenize(const Json& body) {
  DetokenizeRequest request;
  std::optional<ApiError> error;
  Fields fields(body, "", error);
  fields.read("model", request.model);
  if (const Json* tokens = fields.read_array("tokens"))
    request.tokens = read_tokens(*tokens, "tokens", error);
  else
    fields.refuse("tokens", "is missing");
  fields.finish();
  if (error) return *error;
  return request;
}

namespace {

void read_hyperparameters(const Json& object, FineTuningRequest& request, std::optional<ApiError>& error) {
  Fields fields(object, "hyperparameters.", error);
  // "auto" is what is taken without it.
  const auto automatic = [&](const char* key) {
    const Json* value = fields.find(key);
    return value && value->is_string() && value->get_ref<const std::string&>() == "auto";
  };
  constexpr int64_t kMostEpochs = 10000, kMostBatch = 65536;
  if (!automatic("n_epochs")) request.epochs_given = fields.read("n_epochs", request.n_epochs, 1, kMostEpochs);
  if (!automatic("batch_size")) request.batch_given = fields.read("batch_size", request.batch_size, 1, kMostBatch);
  auto multiplier = static_cast<float>(request.learning_rate_multiplier);
  if (!automatic("learning_rate_multiplier") && fields.read("learning_rate_multiplier", multiplier, 1e-6, 1e3))
    request.learning_rate_multiplier = multiplier;
  fields.finish();
}

// A part of a name that people and paths bear.
bool is_suffix(const std::string& text) {
  constexpr size_t kMost = 64;
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
  };
  return !text.empty() && text.size() <= kMost && std::all_of(text.begin(), text.end(), fits);
}

}  // namespace

Outcome<FineTuningRequest> read_fine_tuning(const Json& body) {
  FineTuningRequest request;
  std::optional<ApiError> error;
  Fields fields(body, "", error);
  fields.read("model", request.model);
  fields.required("training_file", request.training_file);
  fields.read("validation_file", request.validation_file);
  if (fields.read("suffix", request.suffix) && !is_suffix(request.suffix))
    fields.refuse("suffix", "must be 1 to 64 letters, digits, '-', '_' or '.'");
  int64_t seed = 0;
  if (fields.read("seed", seed, 0, UINT32_MAX)) request.seed = seed;
  if (const Json* given = fields.read_object("hyperparameters")) read_hyperparameters(*given, request, error);
  if (const Json* options = fields.read_object("tritium")) request.options = *options;
  if (fields.find("method")) fields.refuse_unsupported("method", "say what to train by \"tritium\": {\"mode\": …}");
  fields.ignore({"metadata", "integrations"});
  fields.finish();
  if (error) return *error;
  return request;
}

}  // namespace tritium::server
