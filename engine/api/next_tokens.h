// The tokens of a generation, one at a time: evaluated, guessed and sampled.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "api/guesses.h"
#include "api/state.h"
#include "text/grammar/grammar_state.h"
#include "tritium/log_probabilities.hpp"

namespace tritium {

// What a session is between two tokens, its position and logits, is the same with guesses and without.
class NextTokens {
 public:
  // `held_to`: what the tokens must be; none: anything.
  NextTokens(Session::State& session, Sampler& sampler, const GenerateOptions& options,
             std::optional<grammar::GrammarState> held_to);

  // The token after the prompt, or where there is none after the session's last token. The sampler learns of all those.
  Result<int32_t> first(std::span<const int32_t> prompt);
  // The token after `token`, which is appended to the session. At most `wanted` are going to be asked for from here on.
  Result<int32_t> after(int32_t token, int64_t wanted);

  // A pass of the token alone would give the next one: nothing is guessed, or under way.
  bool is_plain() const { return guess_.empty() && guesses_.most() == 0; }
  // The same as after(), of a token that has been appended already, whose logits are on the host.
  Result<int32_t> after_evaluated(int32_t token);

  // Makes room in the session (Session::State::slide).
  Status slide(int64_t sinks);
  // Of the last token, where they are asked for.
  const LogProbabilities& log_probabilities() const { return log_probabilities_; }
  // Those that the pass of the last token chose, where they are asked for (GeneratedToken::experts); else empty.
  std::span<int32_t> experts() { return experts_; }

  int64_t guessed() const { return guessed_; }
  int64_t accepted() const { return accepted_; }

 private:
  Result<int32_t> evaluate(std::span<const int32_t> tokens);
  Result<int32_t> evaluate_one(int32_t token, int64_t wanted);
  Result<int32_t> evaluate_candidates(int32_t token);
  Result<int32_t> settled(int32_t best);
  Result<bool> may_be(int32_t token) const;
  Result<int32_t> sample_allowed();
  Status go_on(int32_t token);
  Result<int32_t> evaluate_guess(int32_t token);
  Result<int32_t> take(size_t row);
  int32_t draw(std::span<float> logits);
  Result<int32_t> sample();
  Result<int32_t> with_log_probabilities(int32_t token);
  void close_guess();
  Status read_logits();

  Session::State& session_;
  Sampler& sampler_;
  bool greedy_;  // the most probable token, which the device finds
  int64_t n_log_probabilities_;
  LogProbabilities log_probabilities_;
  std::vector<int32_t> experts_;
  bool chains_;  // greedy tokens, several under way
  TokenChain chain_;
  std::vector<int32_t> candidates_;  // ids and bits of logits: of a sampler that keeps a few tokens; else empty
  std::vector<float> candidate_logits_;
  std::optional<grammar::GrammarState> held_to_;
  grammar::TokenMask allowed_;  // by it, where the first draw was not
  std::vector<int32_t> never_;  // tokens that are not sampled, sorted
  std::vector<float> hidden_;   // their logits meanwhile

  // What was guessed after the session's last token but `right_`, whose rows are in the caches already: what follows
  // the session's last token is in row right_ of the logits, or of the most probable tokens.
  Guesses guesses_;
  std::vector<int32_t> guess_;
  size_t right_ = 0;
  std::vector<float> logits_;  // (guess_.size() + 1, vocab_size), where they were read
  bool have_logits_ = false;
  std::vector<int32_t> best_;           // (guess_.size() + 1)
  std::vector<int32_t> guess_experts_;  // (guess_.size() + 1, experts_.size())
  int64_t guessed_ = 0;
  int64_t accepted_ = 0;
};

}  // namespace tritium
