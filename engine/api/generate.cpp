#include <algorithm>
#include <chrono>
#include <vector>

#include "api/next_tokens.h"
#include "api/state.h"
#include "api/written_text.h"
#include "base/cancel.h"
#include "base/caught.h"
#include "base/format_text.h"

namespace tritium {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// What can be said without evaluating anything.
Status check(const GenerateOptions& o, const Session::State& session) {
  const auto bad = [](const auto&... parts) { return error(StatusCode::invalid_argument, parts...); };
  const int64_t context = session.forward.options.capacity, vocab_size = session.model->config.vocab_size;
  if (o.max_tokens < 1) return bad("max_tokens is ", o.max_tokens, ", must be 1 or more");
  if (o.guess < 0) return bad("guess is ", o.guess, ", must be 0 (none) or more");
  if (o.log_probabilities < 0 || o.log_probabilities > kMostLogProbabilities)
    return bad("log_probabilities is ", o.log_probabilities, ", must be 0 (none) to ", kMostLogProbabilities);
  if (o.when_full == WhenFull::slide && (o.sinks < 0 || o.sinks >= context))
    return bad("sinks is ", o.sinks, ", must be 0 or more, and less than the context's ", context, " tokens");
  for (const LogitBias& b : o.sampler.logit_bias)
    if (b.token < 0 || b.token >= vocab_size)
      return bad("logit_bias names token ", b.token, ", this model has ids 0 to ", vocab_size - 1);
  if (!o.stop.empty() && !session.model->tokenizer)
    return error(StatusCode::unsupported, session.model->info.path,
                 ": stop texts need a tokenizer: ", session.model->info.tokenizer_problem);
  return StopTexts::check(o.stop);
}

Status context_is_full(const Session::State& session, int64_t n, const GenerateOptions& options) {
  return error(StatusCode::out_of_memory, "the context of ", session.forward.options.capacity, " tokens is full after ",
               n, " of at most ", options.max_tokens,
               " new ones: a longer context takes more, and one that slides goes on without the older ones");
}

// After words the text is continued, and its first space is real.
WrittenText text_after(const Session::State& session, std::span<const int32_t> prompt, const GenerateOptions& options) {
  const Tokenizer* tokenizer = session.model->tokenizer.get();
  const bool at_start = tokenizer && session.position() == 0 &&
                        std::ranges::all_of(prompt, [&](int32_t token) { return tokenizer->is_control(token); });
  return WrittenText(tokenizer, at_start, options.stop);
}

void finish(Generation& result, const NextTokens& tokens, Clock::time_point start) {
  result.guessed = tokens.guessed();
  result.accepted = tokens.accepted();
  result.seconds = seconds_since(start);
  const auto n = static_cast<double>(result.tokens.size());
  const double decoding = result.seconds - result.seconds_to_first_token;
  if (n > 1 && decoding > 0) result.tokens_per_second = (n - 1) / decoding;
}

}  // namespace

Result<Generation> Session::generate(std::span<const int32_t> prompt, const GenerateOptions& options,
                                     const std::function<bool(const GeneratedToken&)>& on_token) try {
  const SessionCall call(state_.get());
  if (!call.status().ok()) return call.status();
  const CancelScope scope(options.keep_going);
  if (Status status = check(options, *state_); !status.ok()) return status;
  if (prompt.empty() && state_->position() == 0)
    return error(StatusCode::invalid_argument, "there is no prompt: give at least the beginning-of-text token");
  const Tokenizer* tokenizer = state_->model->tokenizer.get();
  Sampler::TokenText text_of;
  if (tokenizer) text_of = [=](int32_t token) { return tokenizer->bytes_of(token); };
  Result<Sampler> sampler = Sampler::create(options.sampler, text_of);
  if (!sampler.ok()) return sampler.status();

  WrittenText written = text_after(*state_, prompt, options);
  Generation result;
  result.seed = sampler->seed();
  result.prompt_tokens = static_cast<int64_t>(prompt.size());
  const auto start = Clock::now();
  NextTokens tokens(*state_, *sampler, options);
  Result<int32_t> next = tokens.first(prompt);
  bool wanted = true;

  for (;;) {
    if (next.code() == StatusCode::cancelled && !result.tokens.empty()) {
      result.stop = StopReason::cancelled;
      break;
    }
    if (!next.ok()) return next.status();
    const int32_t token = *next;
    if (result.tokens.empty()) result.seconds_to_first_token = seconds_since(start);
    if (tokenizer && options.stop_at_end && tokenizer->ends_generation(token)) {
      result.stop = StopReason::end_of_text;
      break;
    }
    result.tokens.push_back(token);
    const auto n = static_cast<int64_t>(result.tokens.size());
    const bool last = n == options.max_tokens, full = position() == context();
    const bool slides = full && options.when_full == WhenFull::slide;
    const std::string text = written.push(token, last || (full && !slides));
    const LogProbabilities& log = tokens.log_probabilities();
    wanted = !on_token ||
             on_token({.id = token, .text = text, .log_probability = log.of_token, .most_probable = log.most_probable});
    result.stop_text = written.stopped_by();
    const bool stopped = !result.stop_text.empty();
    if (!wanted || stopped || last || (full && !slides)) {
      if (wanted && !stopped && !last && options.when_full == WhenFull::error)
        return context_is_full(*state_, n, options);
      result.stop = !wanted   ? StopReason::cancelled
                    : stopped ? StopReason::stop_text
                    : last    ? StopReason::max_tokens
                              : StopReason::context_full;
      break;
    }
    const Status room = slides ? tokens.slide(options.sinks) : Status();
    if (slides && room.ok()) ++result.slides;
    next = room.ok() ? tokens.after(token, options.max_tokens - n) : Result<int32_t>(room);
  }
  // An end that is no token of the result.
  if (const std::string rest = written.rest(); wanted && on_token && !rest.empty()) on_token({.id = -1, .text = rest});
  finish(result, tokens, start);
  return result;
} catch (...) {
  return caught();
}

}  // namespace tritium
