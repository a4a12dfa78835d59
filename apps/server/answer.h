// Answer: a request on its way through a model, as the pieces that a ReplyWriter takes. Between openai/, which knows no
// model, and the scheduler, which knows no conversations.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "server/models.h"
#include "server/openai/replies.h"
#include "server/openai/requests.h"

namespace tritium::server {

struct AnswerLimits {
  int64_t max_tokens = 0;  // of an answer that says none; 0: what the context has room for
  std::chrono::seconds time{600};
};

// Why a conversation is no prompt. What the library would do for a model without a template no request can.
ApiError error_of_chat(const Status& status, const Model& model);

class Answer {
 public:
  // 400: the messages, tools or options do not fit the model; 429, 503: the scheduler takes no more.
  static Outcome<std::unique_ptr<Answer>> begin(const ServedModel& served, const ChatRequest& request,
                                                const AnswerLimits& limits);
  static Outcome<std::unique_ptr<Answer>> begin(const ServedModel& served, const CompletionRequest& request,
                                                const AnswerLimits& limits);
  ~Answer();
  Answer(const Answer&) = delete;
  Answer& operator=(const Answer&) = delete;

  enum class Next { piece, nothing, ended, failed };
  // Waits for at most so long. An error of one choice ends all of them.
  Next next(std::chrono::milliseconds at_most, Piece& piece);
  const ApiError& error() const { return error_; }
  const Usage& usage() const { return usage_; }
  void cancel() { queue_->cancel(); }
  size_t choices() const { return choices_.size(); }
  // Of each choice the prompt, where it is asked for and does not come as a piece; else empty.
  const std::vector<std::string>& echoed() const { return echoed_; }

 private:
  struct Choice {
    std::optional<ChatReplyStream> reply;  // none: the text is the content
    bool ended = false;
  };

  Answer(const ServedModel& served, const GenerationRequest& request, size_t prompts)
      : model_(served.scheduler->model()), request_(request), choices_(prompts * static_cast<size_t>(request.n)) {}
  std::optional<ApiError> submit(const ServedModel& served, std::vector<std::vector<int32_t>> prompts,
                                 const AnswerLimits& limits, const std::string& param);
  Outcome<std::vector<int32_t>> tokens_of(const CompletionPrompt& prompt) const;
  Outcome<std::string> text_of(const CompletionPrompt& prompt) const;
  std::optional<ApiError> require_call(const ChatPrompt& made, std::vector<int32_t>& prompt, std::string& opened);
  std::optional<ApiError> check_grammar() const;
  Next take(const TokenEvent& event, Piece& piece);
  void take_prompt(const TokenEvent& event);
  TokenLogprobs logprobs_of(int32_t token, double log_probability, std::span<const TokenLogProbability> top) const;
  Next take_token(const TokenEvent& event, Piece& piece);
  Next take_end(const TokenEvent& event, Piece& piece);
  Next fail(ApiError error);
  std::string text_of(int32_t token) const;

  const Model model_;
  const GenerationRequest request_;
  GenerateOptions generate_ = request_.generate;
  std::shared_ptr<TokenQueue> queue_ = std::make_shared<TokenQueue>();
  std::vector<Choice> choices_;
  std::vector<std::string> echoed_;
  std::vector<std::string> prompt_texts_;  // that come with the log-probabilities of their tokens
  std::deque<Piece> pieces_;               // that are known, and not taken
  Usage usage_;
  ApiError error_;
  std::chrono::steady_clock::time_point deadline_{};
};

}  // namespace tritium::server
