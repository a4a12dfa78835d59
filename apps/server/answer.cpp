#include "server/answer.h"

#include <algorithm>
#include <semaphore>

namespace tritium::server {
namespace {

Piece piece_of(size_t choice, ChatReply reply) {
  return {.choice = choice,
          .content = std::move(reply.content),
          .reasoning = std::move(reply.reasoning_content),
          .tool_calls = std::move(reply.tool_calls)};
}

void add(Piece& piece, Piece more) {
  piece.content += more.content;
  piece.reasoning += more.reasoning;
  if (!more.tool_calls.empty()) piece.tool_calls = std::move(more.tool_calls);
}

TokenExperts experts_of_layers(std::span<const int32_t> experts, size_t used) {
  TokenExperts layers;
  for (; !experts.empty(); experts = experts.subspan(used))
    layers.emplace_back(experts.begin(), experts.begin() + static_cast<std::ptrdiff_t>(used));
  return layers;
}

ApiError context_exceeded(const std::string& param, size_t tokens, int64_t context) {
  ApiError error = invalid(param, "the prompt has " + std::to_string(tokens) + " tokens, and the context room for " +
                                      std::to_string(context) + ", one of them for the answer");
  error.code = "context_length_exceeded";
  return error;
}

}  // namespace

ApiError error_of_chat(const Status& status, const Model& model) {
  if (model.has_chat_template()) return error_of(status, "messages");
  return unsupported("messages",
                     "this model has no chat template: ask /v1/completions, which continues a text as it stands");
}

Answer::~Answer() { queue_->cancel(); }

// A call from the first token on. Where the mark before a call is a control token, which no grammar writes, it becomes
// part of the prompt; it is `opened`, for what takes the reply apart.
std::optional<ApiError> Answer::require_call(const ChatPrompt& made, std::vector<int32_t>& prompt,
                                             std::string& opened) {
  if (made.tool_grammar.empty() || made.tool_grammar_triggers.empty())
    return unsupported("tool_choice",
                       "this model's template calls tools in a way that cannot be required: take \"auto\"");
  generate_.grammar_triggers.clear();
  const std::string& mark = made.tool_grammar_triggers.front();
  if (mark.find('{') != std::string::npos) return std::nullopt;
  ChatOptions alone;
  alone.chat_template = mark;
  const std::vector<ChatMessage> any = {{.role = "user", .content = "a"}};
  Result<ChatPrompt> tokens = model_.format_chat(any, alone);
  if (!tokens.ok()) return error_of(tokens.status(), "tool_choice");
  std::vector<int32_t>& ids = tokens->tokens;
  if (!ids.empty() && ids.front() == model_.begin_of_text()) ids.erase(ids.begin());
  if (ids.size() != 1 || !text_of(ids.front()).empty()) return std::nullopt;  // the grammar writes it
  prompt.push_back(ids.front());
  opened = mark;
  return std::nullopt;
}

Outcome<std::unique_ptr<Answer>> Answer::begin(const ServedModel& served, const ChatRequest& request,
                                               const AnswerLimits& limits) {
  std::unique_ptr<Answer> answer(new Answer(served, request, 1));
  Result<ChatPrompt> made = answer->model_.format_chat(request.messages, request.chat);
  if (!made.ok()) return error_of_chat(made.status(), answer->model_);
  std::vector<int32_t> prompt = std::move(made->tokens);
  std::string opened;
  if (!request.chat.tools.empty()) {
    answer->generate_.grammar = made->tool_grammar;
    answer->generate_.grammar_triggers = made->tool_grammar_triggers;
    if (request.tool_choice == ToolChoice::required)
      if (std::optional<ApiError> error = answer->require_call(*made, prompt, opened)) return *error;
  }
  for (Choice& choice : answer->choices_) {
    if (request.held_to_form) break;
    Result<ChatReplyStream> reply = answer->model_.reply_stream(request.chat);
    if (!reply.ok()) return error_of(reply.status(), "messages");
    choice.reply = *std::move(reply);
    if (opened.empty()) continue;
    if (const Result<ChatReply> begun = choice.reply->append(opened); !begun.ok()) return error_of(begun.status());
  }
  if (std::optional<ApiError> error = answer->submit(served, {std::move(prompt)}, limits, "messages")) return *error;
  return answer;
}

Outcome<std::unique_ptr<Answer>> Answer::begin(const ServedModel& served, const CompletionRequest& request,
                                               const AnswerLimits& limits) {
  std::unique_ptr<Answer> answer(new Answer(served, request, request.prompts.size()));
  std::vector<std::vector<int32_t>> prompts;
  for (const CompletionPrompt& prompt : request.prompts) {
    Outcome<std::vector<int32_t>> tokens = answer->tokens_of(prompt);
    if (!tokens.ok()) return tokens.error();
    prompts.push_back(*std::move(tokens));
    if (!request.echo) continue;
    const Outcome<std::string> text = answer->text_of(prompt);
    if (!text.ok()) return text.error();
    // With the log-probabilities of its tokens a text comes when those are known.
    std::vector<std::string>& texts = request.logprobs ? answer->prompt_texts_ : answer->echoed_;
    texts.insert(texts.end(), static_cast<size_t>(request.n), *text);
  }
  if (std::optional<ApiError> error = answer->submit(served, std::move(prompts), limits, "prompt")) return *error;
  return answer;
}

Outcome<std::vector<int32_t>> Answer::tokens_of(const CompletionPrompt& prompt) const {
  const auto* text = std::get_if<std::string>(&prompt);
  Result<std::vector<int32_t>> tokens = text ? model_.tokenize(*text) : std::get<1>(prompt);
  if (!tokens.ok()) return error_of(tokens.status(), "prompt");
  const int64_t vocabulary = model_.info().vocab_size;
  if (std::ranges::any_of(*tokens, [&](int32_t token) { return token >= vocabulary; }))
    return invalid("prompt", "a token is none of the vocabulary, which has " + std::to_string(vocabulary));
  return *std::move(tokens);
}

Outcome<std::string> Answer::text_of(const CompletionPrompt& prompt) const {
  if (const auto* text = std::get_if<std::string>(&prompt)) return *text;
  Result<std::string> text = model_.detokenize(std::get<1>(prompt));
  if (!text.ok()) return error_of(text.status(), "prompt");
  return *std::move(text);
}

std::optional<ApiError> Answer::submit(const ServedModel& served, std::vector<std::vector<int32_t>> prompts,
                                       const AnswerLimits& limits, const std::string& param) {
  Scheduler& scheduler = *served.scheduler;
  const int64_t context = scheduler.context();
  for (const std::vector<int32_t>& prompt : prompts) {
    if (prompt.empty()) return invalid(param, "has no tokens");
    if (std::ssize(prompt) >= context) return context_exceeded(param, prompt.size(), context);
    usage_.prompt_tokens += std::ssize(prompt);
  }
  for (const LogitBias& bias : generate_.sampler.logit_bias)
    if (bias.token >= model_.info().vocab_size)
      return invalid("logit_bias", "there is no token " + std::to_string(bias.token));
  // Ranges that depend on others, and grammars, are the library's to check.
  if (const Result<Sampler> sampler = Sampler::create(generate_.sampler); !sampler.ok())
    return error_of(sampler.status());
  if (std::optional<ApiError> error = check_grammar()) return error;
  // The scheduler knows for how much of that there is room.
  generate_.max_tokens = request_.max_tokens.value_or(limits.max_tokens > 0 ? limits.max_tokens : context);
  if (request_.logprobs) generate_.log_probabilities = std::max<int64_t>(1, request_.top_logprobs);
  deadline_ = std::chrono::steady_clock::now() + limits.time;
  const Submission submission = {.prompts = std::move(prompts),
                                 .generate = generate_,
                                 .n = request_.n,
                                 .prompt_log_probabilities = prompt_texts_.empty() ? -1 : request_.top_logprobs,
                                 .adapter = served.adapter,
                                 .cache = request_.cache_prompt};
  switch (scheduler.submit(submission, queue_)) {
    case Submitted::taken: return std::nullopt;
    case Submitted::queue_full:
      return ApiError{.status = 429,
                      .message = "too many requests of this model wait already: try again later",
                      .type = "rate_limit_error",
                      .code = "queue_full",
                      .retry_after_s = 1};
    case Submitted::stopping: break;
  }
  return stopping();
}

// Made ready here, on the thread of its own client, by a session that evaluates nothing: the model's only thread, where
// it would hold up everybody, finds it made. The largest are not kept, and are refused where each choice takes long.
std::optional<ApiError> Answer::check_grammar() const {
  if (generate_.grammar.empty() && generate_.json_schema.empty()) return std::nullopt;
  static std::counting_semaphore<2> at_once(2);
  at_once.acquire();
  const auto leave = [](std::counting_semaphore<2>* slots) { slots->release(); };
  const std::unique_ptr<std::counting_semaphore<2>, decltype(leave)> slot(&at_once, leave);
  constexpr int64_t kContext = 16;
  Result<Session> session = model_.create_session({.context = kContext});
  if (!session.ok()) return server_error(session.status().message());
  const int32_t any = 0;
  GenerateOptions timed = generate_;
  timed.max_tokens = 1;
  const auto begin = [&](std::chrono::duration<double> most) {
    const auto until = std::chrono::steady_clock::now() + most;
    timed.keep_going = [until] { return std::chrono::steady_clock::now() < until; };
    return session->begin(std::span(&any, 1), timed);
  };
  constexpr std::chrono::duration<double> kOfTheClient(10), kOfTheModel(2);
  Status begun = begin(kOfTheClient);
  if (begun.ok()) begun = begin(kOfTheModel / static_cast<double>(request_.n));
  if (begun.ok()) return std::nullopt;
  if (begun.code() != StatusCode::cancelled) return error_of(begun);
  return invalid(
      generate_.json_schema.empty() ? "grammar" : "response_format",
      "takes too long to be made ready: say it with fewer alternatives and repetitions, or for fewer choices");
}

std::string Answer::text_of(int32_t token) const {
  const Result<std::string> text = model_.detokenize(std::span(&token, 1));
  return text.ok() ? *text : std::string();
}

Answer::Next Answer::fail(ApiError error) {
  queue_->cancel();
  error_ = std::move(error);
  return Next::failed;
}

Answer::Next Answer::next(std::chrono::milliseconds at_most, Piece& piece) {
  piece = Piece();
  if (!pieces_.empty()) {
    piece = std::move(pieces_.front());
    pieces_.pop_front();
    return Next::piece;
  }
  if (std::ranges::all_of(choices_, &Choice::ended)) return Next::ended;
  if (std::chrono::steady_clock::now() > deadline_)
    return fail({.status = 504,
                 .message = "the answer took longer than this server lets one take",
                 .type = "server_error",
                 .code = "timeout"});
  const std::optional<TokenEvent> event = queue_->pop(at_most);
  if (!event) return Next::nothing;
  if (event->kind != TokenEvent::Kind::prompt) return take(*event, piece);
  take_prompt(*event);
  return next(at_most, piece);
}

// What the first choice of a prompt is told is said of all of them.
void Answer::take_prompt(const TokenEvent& event) {
  Piece piece;
  piece.content = prompt_texts_[event.choice];
  for (const PromptToken& one : event.prompt) {
    piece.logprobs.push_back(logprobs_of(one.id, one.log.of_token, one.log.most_probable));
    piece.logprobs.back().known = one.known;
  }
  for (size_t i = 0; i < static_cast<size_t>(request_.n); ++i) {
    piece.choice = event.choice + i;
    pieces_.push_back(piece);
  }
}

TokenLogprobs Answer::logprobs_of(int32_t token, double log_probability,
                                  std::span<const TokenLogProbability> top) const {
  TokenLogprobs one{.token = {.text = text_of(token), .logprob = log_probability}};
  for (const TokenLogProbability& other : top)
    if (std::ssize(one.top) < request_.top_logprobs)
      one.top.push_back({.text = text_of(other.id), .logprob = other.log_probability});
  return one;
}

Answer::Next Answer::take(const TokenEvent& event, Piece& piece) {
  piece.choice = event.choice;
  switch (event.kind) {
    case TokenEvent::Kind::token: return take_token(event, piece);
    case TokenEvent::Kind::ended: return take_end(event, piece);
    case TokenEvent::Kind::prompt:
    case TokenEvent::Kind::failed: break;
  }
  if (event.status.code() == StatusCode::cancelled) return fail(stopping());
  return fail(error_of_model(event.status, model_.is_parked()));
}

Answer::Next Answer::take_token(const TokenEvent& event, Piece& piece) {
  Choice& choice = choices_[event.choice];
  if (!choice.reply) {
    piece.content = event.text;
  } else {
    // Text that a stop text holds back comes later; a mark that is a control token has none.
    const bool mark = event.text.empty() && event.id >= 0 && text_of(event.id).empty();
    Result<ChatReply> reply = mark ? choice.reply->append(event.id) : choice.reply->append(event.text);
    if (!reply.ok()) return fail(error_of(reply.status()));
    add(piece, piece_of(event.choice, *std::move(reply)));
  }
  if (request_.logprobs && event.id >= 0)
    piece.logprobs.push_back(logprobs_of(event.id, event.log_probability, event.most_probable));
  if (!event.experts.empty())
    piece.experts.push_back(experts_of_layers(event.experts, static_cast<size_t>(model_.info().n_experts_used)));
  return Next::piece;
}

Answer::Next Answer::take_end(const TokenEvent& event, Piece& piece) {
  Choice& choice = choices_[event.choice];
  if (event.stop == StopReason::cancelled) return fail(stopping());
  if (choice.reply) {
    Result<ChatReply> rest = choice.reply->finish();
    if (!rest.ok()) return fail(error_of(rest.status()));
    add(piece, piece_of(event.choice, *std::move(rest)));
  }
  choice.ended = true;
  const bool cut = event.stop == StopReason::max_tokens || event.stop == StopReason::context_full;
  piece.finish = cut ? Finish::length : Finish::stop;
  usage_.completion_tokens += event.completion_tokens;
  if (event.choice % static_cast<size_t>(request_.n) == 0) usage_.cached_tokens += event.cached_tokens;
  if (event.choice == 0) {
    usage_.seed = event.seed;
    usage_.tokens_per_second = event.tokens_per_second;
    usage_.seconds_to_first_token = event.seconds_to_first_token;
  }
  return Next::piece;
}

}  // namespace tritium::server
