#include <algorithm>
#include <chrono>
#include <optional>
#include <vector>

#include "api/next_tokens.h"
#include "api/state.h"
#include "base/cancel.h"
#include "base/caught.h"
#include "base/format_text.h"
#include "text/streaming_detokenizer.h"

namespace tritium {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

}  // namespace

Result<Generation> Session::generate(std::span<const int32_t> prompt, const GenerateOptions& options,
                                     const std::function<bool(const GeneratedToken&)>& on_token) try {
  const SessionCall call(state_.get());
  if (!call.status().ok()) return call.status();
  const CancelScope scope(options.keep_going);
  if (options.max_tokens < 1)
    return error(StatusCode::invalid_argument, "max_tokens is ", options.max_tokens, ", must be 1 or more");
  if (options.guess < 0)
    return error(StatusCode::invalid_argument, "guess is ", options.guess, ", must be 0 (none) or more");
  if (prompt.empty() && state_->position() == 0)
    return error(StatusCode::invalid_argument, "there is no prompt: give at least the beginning-of-text token");
  Result<Sampler> sampler = Sampler::create(options.sampler);
  if (!sampler.ok()) return sampler.status();

  const std::shared_ptr<const Tokenizer>& tokenizer = state_->model->tokenizer;
  std::optional<StreamingDetokenizer> detokenizer;
  if (tokenizer) {
    // After words the text is continued, and its first space is real.
    const bool at_start =
        state_->position() == 0 && std::ranges::all_of(prompt, [&](int32_t t) { return tokenizer->is_control(t); });
    detokenizer.emplace(*tokenizer, at_start);
  }
  const bool may_end = tokenizer && options.stop_at_end;

  Generation result;
  result.prompt_tokens = static_cast<int64_t>(prompt.size());
  const auto start = Clock::now();
  NextTokens tokens(*state_, *sampler, options.sampler, options.guess);
  Result<int32_t> next = tokens.first(prompt);

  for (bool wanted = true; wanted;) {
    if (next.code() == StatusCode::cancelled && !result.tokens.empty()) {
      result.stop = StopReason::cancelled;
      break;
    }
    if (!next.ok()) return next.status();
    const int32_t token = *next;
    if (result.tokens.empty()) result.seconds_to_first_token = seconds_since(start);
    if (may_end && tokenizer->ends_generation(token)) {
      result.stop = StopReason::end_of_text;
      break;
    }
    result.tokens.push_back(token);
    const bool last = static_cast<int64_t>(result.tokens.size()) == options.max_tokens;
    const bool full = position() == context();
    std::string text = detokenizer ? detokenizer->push(token) : std::string();
    if (detokenizer && (last || full)) text += detokenizer->flush();
    wanted = !on_token || on_token({.id = token, .text = text});
    if (!wanted)
      result.stop = StopReason::cancelled;
    else if (last)
      result.stop = StopReason::max_tokens;
    else if (full)
      result.stop = StopReason::context_full;
    if (!wanted || last || full) break;
    next = tokens.after(token, options.max_tokens - static_cast<int64_t>(result.tokens.size()));
  }
  result.guessed = tokens.guessed();
  result.accepted = tokens.accepted();
  result.seconds = seconds_since(start);
  const auto n = static_cast<double>(result.tokens.size());
  const double decoding = result.seconds - result.seconds_to_first_token;
  if (n > 1 && decoding > 0) result.tokens_per_second = (n - 1) / decoding;
  return result;
} catch (...) {
  return caught();
}

}  // namespace tritium
