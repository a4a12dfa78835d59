#include <algorithm>
#include <chrono>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "api/state.h"
#include "base/cancel.h"
#include "base/caught.h"
#include "base/format_text.h"
#include "text/streaming_detokenizer.h"

namespace tritium {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// Rows of the model's table that are no tokens: padding, and places that the vocabulary only keeps. Empty where there
// is no vocabulary, or nothing else.
std::vector<int32_t> never_sampled(const Model::State& model) {
  std::vector<int32_t> never;
  if (!model.tokenizer) return never;
  const auto n = static_cast<int32_t>(model.config.vocab_size);
  for (int32_t id = 0; id < n; ++id)
    if (!model.tokenizer->sampleable(id)) never.push_back(id);
  if (never.size() == static_cast<size_t>(n)) never.clear();
  return never;
}

// Takes the tokens of a generation.
struct Choice {
  Sampler& sampler;
  bool greedy;
  std::vector<int32_t> never;  // sorted
  std::vector<float> hidden = {};

  // What must not be sampled is hidden meanwhile: cheaper than a copy of all logits.
  int32_t sample(std::span<float> logits) {
    hidden.clear();
    for (const int32_t id : never)
      hidden.push_back(std::exchange(logits[static_cast<size_t>(id)], -std::numeric_limits<float>::infinity()));
    const int32_t token = sampler.sample(logits);
    for (size_t i = 0; i < never.size(); ++i) logits[static_cast<size_t>(never[i])] = hidden[i];
    return token;
  }
};

// Evaluates the tokens, if there are any, and takes the one that follows. A sampler at temperature 0 takes the most
// probable one, which the device finds without its logits being read unless it must not be taken.
Result<int32_t> next_token(Session::State& session, std::span<const int32_t> tokens, Choice& choice) {
  if (choice.greedy && !tokens.empty()) {
    Result<int32_t> best = session.evaluate_greedy(tokens);
    if (!best.ok() || !std::ranges::binary_search(choice.never, *best)) return best;
    if (Status s = session.need_logits(); !s.ok()) return s;
    return choice.sample(session.logits);
  }
  if (Status s = tokens.empty() ? session.need_logits() : session.evaluate(tokens, Logits::last, session.logits);
      !s.ok())
    return s;
  return choice.sample(session.logits);
}

}  // namespace

Result<Generation> Session::generate(std::span<const int32_t> prompt, const GenerateOptions& options,
                                     const std::function<bool(const GeneratedToken&)>& on_token) try {
  const SessionCall call(state_.get());
  if (!call.status().ok()) return call.status();
  const CancelScope scope(options.keep_going);
  if (options.max_tokens < 1)
    return error(StatusCode::invalid_argument, "max_tokens is ", options.max_tokens, ", must be 1 or more");
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
  Choice choice = {*sampler, options.sampler.temperature == 0.0f, never_sampled(*state_->model)};
  Result<int32_t> next = next_token(*state_, prompt, choice);

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
    next = next_token(*state_, std::span(&token, 1), choice);
  }
  result.seconds = seconds_since(start);
  const auto n = static_cast<double>(result.tokens.size());
  const double decoding = result.seconds - result.seconds_to_first_token;
  if (n > 1 && decoding > 0) result.tokens_per_second = (n - 1) / decoding;
  return result;
} catch (...) {
  return caught();
}

}  // namespace tritium
