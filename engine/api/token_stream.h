// A generation, a token at a time: what Session::generate() and Session::next() are made of.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "api/next_tokens.h"
#include "api/state.h"
#include "api/written_text.h"

namespace tritium {

class TokenStream {
 public:
  // Checks what can be said without evaluating anything. `session` outlives the stream.
  static Result<std::unique_ptr<TokenStream>> start(Session::State& session, std::span<const int32_t> prompt,
                                                    const GenerateOptions& options);

  // The next token, whose text is valid until the next call; none: the generation has ended, as generation() says.
  // After an error there is nothing but that error.
  Result<std::optional<GeneratedToken>> next();
  // The token that next() would evaluate first, alone; -1: it would do something else.
  int32_t evaluated_next() const;
  // As next(), where that token has been evaluated with this outcome (Session::State::evaluate_together).
  Result<std::optional<GeneratedToken>> next_after(const Status& evaluated);
  // The last token was one too many: the generation ends with it.
  void cancel();
  const Generation& generation() const { return result_; }
  // Where the experts of the next token's pass go; empty: nobody asks for them.
  std::span<int32_t> experts() { return tokens_.experts(); }
  const std::function<bool()>& keep_going() const { return options_.keep_going; }

 private:
  using Clock = std::chrono::steady_clock;

  TokenStream(Session::State& session, std::span<const int32_t> prompt, const GenerateOptions& options, Sampler sampler,
              std::optional<grammar::GrammarState> held_to);
  bool full() const;
  Result<int32_t> evaluate();
  Result<std::optional<GeneratedToken>> take(const Result<int32_t>& token);
  GeneratedToken hand_out(int32_t token);
  std::optional<GeneratedToken> rest();
  Status fail(Status status);
  void end(StopReason reason);

  Session::State& session_;
  const std::vector<int32_t> prompt_;
  const GenerateOptions options_;
  Sampler sampler_;
  WrittenText written_;
  NextTokens tokens_;
  Generation result_;
  std::string text_;  // of the last token
  Status failed_;
  bool ended_ = false;    // there are no more tokens,
  bool flushed_ = false;  // nor text that was held back
  const Clock::time_point start_ = Clock::now();
};

}  // namespace tritium
