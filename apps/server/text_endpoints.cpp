// Texts as vectors and as tokens.
#include "server/service.h"

namespace tritium::server {
namespace {

// The conversation's tokens, or the text's.
Outcome<std::vector<int32_t>> tokens_of(const Model& model, const TokenizeRequest& request) {
  if (request.content) {
    Result<std::vector<int32_t>> tokens = model.tokenize(*request.content);
    return tokens.ok() ? Outcome<std::vector<int32_t>>(*std::move(tokens)) : error_of(tokens.status(), "content");
  }
  Result<ChatPrompt> prompt = model.format_chat(request.messages, request.chat);
  return prompt.ok() ? Outcome<std::vector<int32_t>>(std::move(prompt->tokens)) : error_of_chat(prompt.status(), model);
}

// Why an embedding was given up.
ApiError given_up(const Service& service) {
  if (service.stopping) return stopping();
  return {
      .status = 504, .message = "the texts took longer than a request may", .type = "server_error", .code = "timeout"};
}

}  // namespace

HttpReply embeddings(Service& service, const HttpRequest& request, const Gone& gone) {
  const Outcome<Json> body = parse_json(request.body);
  if (!body.ok()) return reply_of(body.error());
  const Outcome<EmbeddingsRequest> asked = read_embeddings(*body);
  if (!asked.ok()) return reply_of(asked.error());
  const Outcome<ServedModel> served = service.models.find(asked->model);
  if (!served.ok()) return reply_of(served.error());
  if (service.stopping) return reply_of(stopping());
  const Model& model = served->scheduler->model();
  if (!served->adapter.empty())
    return reply_of(unsupported("model", "embeddings are the model's, without an adapter: ask " + served->adapter_of));
  if (asked->dimensions && *asked->dimensions != model.info().dim)
    return reply_of(unsupported("dimensions", "this model's are " + std::to_string(model.info().dim)));
  const auto until = std::chrono::steady_clock::now() + service.options.request_timeout;
  const EmbeddingOptions options = {
      .activations = service.options.session.activations, .kv = service.options.session.kv, .keep_going = [&] {
        return !service.cutting && std::chrono::steady_clock::now() < until;
      }};
  while (!service.embeddings_at_once.try_acquire_for(std::chrono::milliseconds(250)))
    if (gone() || !options.keep_going()) return reply_of(given_up(service));
  const auto leave = [](std::counting_semaphore<2>* slots) { slots->release(); };
  const std::unique_ptr<std::counting_semaphore<2>, decltype(leave)> slot(&service.embeddings_at_once, leave);
  std::vector<std::vector<float>> vectors;
  int64_t tokens = 0;
  for (const std::string& text : asked->inputs) {
    if (gone()) break;
    served->scheduler->touch();
    Result<std::vector<float>> vector = model.embed(text, options);
    if (vector.code() == StatusCode::cancelled) return reply_of(given_up(service));
    if (!vector.ok()) return reply_of(error_of_model(vector.status(), model.is_parked(), "input"));
    vectors.push_back(*std::move(vector));
    if (const Result<std::vector<int32_t>> ids = model.tokenize(text); ids.ok()) tokens += std::ssize(*ids);
  }
  return reply_of(embeddings_json(served->id, vectors, asked->base64, tokens));
}

HttpReply tokenize(Service& service, const HttpRequest& request) {
  const Outcome<Json> body = parse_json(request.body);
  if (!body.ok()) return reply_of(body.error());
  const Outcome<TokenizeRequest> asked = read_tokenize(*body);
  if (!asked.ok()) return reply_of(asked.error());
  const Outcome<ServedModel> served = service.models.find(asked->model);
  if (!served.ok()) return reply_of(served.error());
  const Model& model = served->scheduler->model();
  const Outcome<std::vector<int32_t>> tokens = tokens_of(model, *asked);
  if (!tokens.ok()) return reply_of(tokens.error());
  Json answer = {{"tokens", *tokens}, {"count", tokens->size()}, {"context", served->scheduler->context()}};
  if (asked->pieces) {
    answer["pieces"] = Json::array();
    for (const int32_t token : *tokens) {
      const Result<std::string> piece = model.detokenize(std::span(&token, 1));
      answer["pieces"].push_back(piece.ok() ? *piece : "");
    }
  }
  return reply_of(answer);
}

HttpReply detokenize(Service& service, const HttpRequest& request) {
  const Outcome<Json> body = parse_json(request.body);
  if (!body.ok()) return reply_of(body.error());
  const Outcome<DetokenizeRequest> asked = read_detokenize(*body);
  if (!asked.ok()) return reply_of(asked.error());
  const Outcome<ServedModel> served = service.models.find(asked->model);
  if (!served.ok()) return reply_of(served.error());
  const Model& model = served->scheduler->model();
  const int64_t vocabulary = model.info().vocab_size;
  for (const int32_t token : asked->tokens)
    if (token < 0 || token >= vocabulary)
      return reply_of(invalid("tokens", "there is no token " + std::to_string(token) + ": the vocabulary has " +
                                            std::to_string(vocabulary)));
  const Result<std::string> text = model.detokenize(asked->tokens);
  if (!text.ok()) return reply_of(error_of(text.status(), "tokens"));
  return reply_of(Json{{"content", *text}});
}

}  // namespace tritium::server
