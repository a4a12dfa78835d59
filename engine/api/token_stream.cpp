#include "api/token_stream.h"

#include <algorithm>
#include <utility>

#include "base/format_text.h"

namespace tritium {
namespace {

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

Sampler::TokenText text_of(const Tokenizer* tokenizer) {
  if (!tokenizer) return {};
  return [tokenizer](int32_t token) { return tokenizer->bytes_of(token); };
}

// Control tokens are in no text, where words are looked for.
grammar::Triggers triggers_of(const GenerateOptions& o, const Tokenizer& tokenizer) {
  grammar::Triggers triggers;
  for (const std::string& word : o.grammar_triggers) {
    const int32_t token = tokenizer.control_token(word);
    if (token < 0) {
      triggers.words.push_back(word);
    } else {
      triggers.tokens.push_back(token);
    }
  }
  return triggers;
}

Result<std::optional<grammar::GrammarState>> grammar_of(const GenerateOptions& o, const Model::State& model) {
  if (o.grammar.empty() && o.json_schema.empty()) {
    if (o.grammar_triggers.empty()) return std::optional<grammar::GrammarState>();
    return error(StatusCode::invalid_argument,
                 "grammar_triggers are words behind which a grammar holds: there is none");
  }
  if (!o.grammar.empty() && !o.json_schema.empty())
    return error(StatusCode::invalid_argument, "there are a grammar and a json_schema: say one of the two");
  if (!model.tokenizer)
    return error(StatusCode::unsupported, model.info.path,
                 ": a grammar needs a tokenizer: ", model.info.tokenizer_problem);
  const Result<grammar::Grammar> parsed = model.grammars.of(o);
  if (!parsed.ok()) return parsed.status();
  Result<grammar::GrammarState> state =
      grammar::GrammarState::make(*parsed, model.token_trie(), triggers_of(o, *model.tokenizer));
  if (!state.ok()) return state.status();
  return std::optional(*std::move(state));
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

Result<std::unique_ptr<TokenStream>> TokenStream::start(Session::State& session, std::span<const int32_t> prompt,
                                                        const GenerateOptions& options) {
  if (Status status = check(options, session); !status.ok()) return status;
  if (prompt.empty() && session.position() == 0)
    return error(StatusCode::invalid_argument, "there is no prompt: give at least the beginning-of-text token");
  Result<Sampler> sampler = Sampler::create(options.sampler, text_of(session.model->tokenizer.get()));
  if (!sampler.ok()) return sampler.status();
  Result<std::optional<grammar::GrammarState>> held_to = grammar_of(options, *session.model);
  if (!held_to.ok()) return held_to.status();
  return std::unique_ptr<TokenStream>(
      new TokenStream(session, prompt, options, *std::move(sampler), *std::move(held_to)));
}

TokenStream::TokenStream(Session::State& session, std::span<const int32_t> prompt, const GenerateOptions& options,
                         Sampler sampler, std::optional<grammar::GrammarState> held_to)
    : session_(session),
      prompt_(prompt.begin(), prompt.end()),
      options_(options),
      sampler_(std::move(sampler)),
      written_(text_after(session_, prompt_, options_)),
      tokens_(session_, sampler_, options_, std::move(held_to)) {
  result_.seed = sampler_.seed();
  result_.prompt_tokens = std::ssize(prompt_);
}

Result<std::optional<GeneratedToken>> TokenStream::next() {
  if (!failed_.ok()) return failed_;
  if (ended_) return rest();
  return take(evaluate());
}

int32_t TokenStream::evaluated_next() const {
  const bool goes_on = failed_.ok() && !ended_ && !result_.tokens.empty() && !full() && tokens_.is_plain();
  return goes_on ? result_.tokens.back() : -1;
}

Result<std::optional<GeneratedToken>> TokenStream::next_after(const Status& evaluated) {
  return take(evaluated.ok() ? tokens_.after_evaluated(result_.tokens.back()) : Result<int32_t>(evaluated));
}

Result<std::optional<GeneratedToken>> TokenStream::take(const Result<int32_t>& token) {
  if (token.code() == StatusCode::cancelled && !result_.tokens.empty()) {
    end(StopReason::cancelled);
    return rest();
  }
  if (!token.ok()) return fail(token.status());
  if (result_.tokens.empty()) result_.seconds_to_first_token = seconds_since(start_);
  const Tokenizer* tokenizer = session_.model->tokenizer.get();
  if (tokenizer && options_.stop_at_end && tokenizer->ends_generation(*token)) {
    end(StopReason::end_of_text);
    return rest();
  }
  return std::optional(hand_out(*token));
}

bool TokenStream::full() const { return session_.position() == session_.forward.options.capacity; }

Result<int32_t> TokenStream::evaluate() {
  if (result_.tokens.empty()) return tokens_.first(prompt_);
  if (full()) {  // and it slides: else the last token would have been the last one
    if (Status room = tokens_.slide(options_.sinks); !room.ok()) return room;
    ++result_.slides;
  }
  return tokens_.after(result_.tokens.back(), options_.max_tokens - std::ssize(result_.tokens));
}

GeneratedToken TokenStream::hand_out(int32_t token) {
  result_.tokens.push_back(token);
  const int64_t n = std::ssize(result_.tokens);
  const bool last = n == options_.max_tokens, no_room = full() && options_.when_full != WhenFull::slide;
  text_ = written_.push(token, last || no_room);
  result_.stop_text = written_.stopped_by();
  if (!result_.stop_text.empty())
    end(StopReason::stop_text);
  else if (last)
    end(StopReason::max_tokens);
  else if (no_room && options_.when_full == WhenFull::error)
    failed_ = context_is_full(session_, n, options_);
  else if (no_room)
    end(StopReason::context_full);
  const LogProbabilities& log = tokens_.log_probabilities();
  return {.id = token,
          .text = text_,
          .log_probability = log.of_token,
          .most_probable = log.most_probable,
          .experts = tokens_.experts()};
}

// An end that is no token of the result.
std::optional<GeneratedToken> TokenStream::rest() {
  if (std::exchange(flushed_, true)) return std::nullopt;
  text_ = written_.rest();
  if (text_.empty()) return std::nullopt;
  return GeneratedToken{.id = -1, .text = text_};
}

Status TokenStream::fail(Status status) {
  failed_ = std::move(status);
  return failed_;
}

void TokenStream::cancel() {
  failed_ = Status();
  flushed_ = true;
  end(StopReason::cancelled);
}

void TokenStream::end(StopReason reason) {
  ended_ = true;
  result_.stop = reason;
  result_.guessed = tokens_.guessed();
  result_.accepted = tokens_.accepted();
  result_.seconds = seconds_since(start_);
  const auto n = static_cast<double>(result_.tokens.size());
  const double decoding = result_.seconds - result_.seconds_to_first_token;
  if (n > 1 && decoding > 0) result_.tokens_per_second = (n - 1) / decoding;
}

}  // namespace tritium
