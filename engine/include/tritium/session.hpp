// Session: one conversation with a model. Sampler: draws its tokens.
// A Session is used from one thread at a time (a call that finds another one under way is refused with
// invalid_argument); Sessions of one Runtime take turns on its device.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "tritium/options.hpp"
#include "tritium/status.hpp"

namespace tritium {

// Draws tokens from logits. Copyable; owns its random state.
class Sampler {
 public:
  // Values outside their ranges are an error: temperature >= 0, 0 < top_p <= 1, 0 <= min_p < 1, top_k >= 0.
  static Result<Sampler> create(const SamplerOptions& options);
  // A token id. `logits` is [vocab] (empty: -1); ties go to the lowest id, and NaN is less probable than any number.
  // Probabilities are integers (2^40 for the most probable token), so that their sums, and with them the token, are the
  // same on every machine; what is less than 2^-41 times as probable as the best is never drawn. Where memory ends, and
  // where a NaN or an infinity is kept: the most probable.
  int32_t sample(std::span<const float> logits);
  // The same token where only the top_k largest of vocab_size logits are at hand, all of them finite: the largest
  // first, the lowest id first among equals.
  int32_t sample_top(std::span<const float> logits, std::span<const int32_t> ids, size_t vocab_size);

 private:
  explicit Sampler(const SamplerOptions& options) : options_(options) {}
  SamplerOptions options_;
  uint64_t draws_ = 0;
};

struct GeneratedToken {
  int32_t id = 0;
  std::string_view text;  // whole UTF-8 that became complete with this token; may be empty. Empty without a tokenizer
};

enum class StopReason { end_of_text, max_tokens, context_full, cancelled };

struct Generation {
  std::vector<int32_t> tokens;
  StopReason stop = StopReason::max_tokens;
  int64_t prompt_tokens = 0;
  int64_t guessed = 0;                // tokens that were guessed,
  int64_t accepted = 0;               // and how many of them were right
  double seconds_to_first_token = 0;  // prompt evaluation and the first sample
  double seconds = 0;                 // all
  double tokens_per_second = 0;       // of the tokens after the first; 0 when there are none
};

// One conversation: a position and a KV cache on the runtime's device.
class Session {
 public:
  struct State;  // the library's own

  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;
  ~Session();

  // Appends tokens; returns the logits [vocab] after the last one, valid until the next call. Whatever fails or is
  // cancelled (options.hpp: keep_going) leaves the position as it was: tokens out of range, a full context, logits that
  // are not finite (device_error, which says where the first such value appeared).
  Result<std::span<const float>> evaluate(std::span<const int32_t> tokens,
                                          const std::function<bool()>& keep_going = {});
  // The same, with the logits after every token: [tokens, vocab].
  Result<std::vector<float>> evaluate_all(std::span<const int32_t> tokens,
                                          const std::function<bool()>& keep_going = {});

  // Evaluates the prompt and samples; without one it goes on after the tokens before position(), of which there must be
  // one. `on_token` is called for each new token; returning false ends the generation with StopReason::cancelled.
  Result<Generation> generate(std::span<const int32_t> prompt, const GenerateOptions& options,
                              const std::function<bool(const GeneratedToken&)>& on_token = {});

  int64_t position() const;  // tokens evaluated so far
  int64_t context() const;
  // Forgets everything from `position` on (0: all). `position` must not lie ahead.
  Status rewind(int64_t position);

 private:
  friend class Model;
  explicit Session(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace tritium
