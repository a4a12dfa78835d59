// Session: one conversation with a model. Sampler: draws its tokens.
// A Session is used from one thread at a time (a call that finds another one under way is refused with
// invalid_argument); Sessions of one Runtime take turns on its device.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tritium/options.hpp"
#include "tritium/status.hpp"

namespace tritium {

// Draws tokens from logits. Copyable; owns its random state, and what options.hpp's penalties, DRY and mirostat need of
// the text.
class Sampler {
 public:
  // The bytes of a token: "" where it has none.
  using TokenText = std::function<std::string_view(int32_t token)>;

  // Values outside their ranges are an error, which names the range. `text_of` is asked for dry_sequence_breakers
  // alone, which are in no token without it.
  static Result<Sampler> create(const SamplerOptions& options, TokenText text_of = {});
  Sampler(const Sampler& other);
  Sampler& operator=(const Sampler& other);
  Sampler(Sampler&&) noexcept;
  Sampler& operator=(Sampler&&) noexcept;
  ~Sampler();

  // A token id. `logits` is [vocab] (empty: -1); ties go to the lowest id, and NaN is less probable than any number.
  // Probabilities are integers (2^40 for the most probable token), so that their sums, and with them the token, are the
  // same on every machine; what is less than 2^-41 times as probable as the best is never drawn. Where memory ends, and
  // where a NaN or an infinity is kept: the most probable.
  int32_t sample(std::span<const float> logits);
  // The same token where only the top_k largest of vocab_size logits are at hand, all of them finite: the largest
  // first, the lowest id first among equals. Only where needs_all_logits() is false.
  int32_t sample_top(std::span<const float> logits, std::span<const int32_t> ids, size_t vocab_size);
  // Bias, penalties, DRY, top_n_sigma and mirostat look at more than the top_k largest logits.
  bool needs_all_logits() const;
  // The text goes on with this token: one of the prompt, or the one that was sampled (sample() does not count it).
  // invalid_argument: it is negative.
  Status accept(int32_t token);
  uint64_t seed() const;  // the one that was drawn, where the options say kRandomSeed: below 2^32

 private:
  struct State;
  explicit Sampler(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

struct TokenLogProbability {
  int32_t id = 0;
  double log_probability = 0;  // natural. -infinity for a logit of -infinity
};

struct GeneratedToken {
  // -1 in a last call for text that was held back (GenerateOptions::stop) until the text ended without another token.
  int32_t id = 0;
  std::string_view text;  // whole UTF-8 that became complete with this token; may be empty. Empty without a tokenizer
  // Where GenerateOptions::log_probabilities asks for them; the last bits depend on the machine.
  double log_probability = 0;
  std::span<const TokenLogProbability> most_probable{};  // the most probable first, the lowest id first among equals
  // Where GenerateOptions::experts asks for them: [layers, ModelInfo::n_experts_used] of the pass that this token was
  // drawn from, the experts that each layer's router chose for the token before it, the largest weight first. Layers
  // are in the order in which they compute, one that computes several times has as many rows. Empty of a dense model,
  // and for text that was held back. Valid until the next call.
  std::span<const int32_t> experts{};
};

enum class StopReason {
  end_of_text,
  max_tokens,
  context_full,
  cancelled,
  stop_text,  // one of GenerateOptions::stop
};

struct Generation {
  std::vector<int32_t> tokens;  // all but an end_of_text's: also those of a stop text, and of text that it cut off
  StopReason stop = StopReason::max_tokens;
  std::string stop_text;  // which one it was
  uint64_t seed = 0;      // the sampler's: the one that was drawn, for kRandomSeed
  int64_t slides = 0;     // how often WhenFull::slide made room
  int64_t prompt_tokens = 0;
  int64_t guessed = 0;                // tokens that were guessed,
  int64_t accepted = 0;               // and how many of them were right
  double seconds_to_first_token = 0;  // prompt evaluation and the first sample
  double seconds = 0;                 // all
  double tokens_per_second = 0;       // of the tokens after the first; 0 when there are none
};

// A LoRA adapter of a model, on its device (Model::load_adapter()). A handle: copies share it.
class Adapter {
 public:
  struct State;  // the library's own

 private:
  friend class Model;
  friend class Runtime;
  friend class Session;
  explicit Adapter(std::shared_ptr<const State> state);
  std::shared_ptr<const State> state_;
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

  // The logits [vocab] after the last token, valid until the next call; a rewind's are computed again. invalid_argument
  // at position 0.
  Result<std::span<const float>> logits(const std::function<bool()>& keep_going = {});

  // Evaluates the prompt and samples; without one it goes on after the tokens before position(), of which there must be
  // one. `on_token` is called for each new token; returning false ends the generation with StopReason::cancelled. The
  // sampler's text is the session's tokens, the prompt and what is generated. A prompt must fit into the context
  // whatever WhenFull says. Where a slide fails or is cancelled, the session is left with the `sinks` tokens.
  Result<Generation> generate(std::span<const int32_t> prompt, const GenerateOptions& options,
                              const std::function<bool(const GeneratedToken&)>& on_token = {});

  // The same without a callback: begin() checks, makes a grammar ready (seconds for a large one, unless this model's
  // last generations had it; keep_going may cancel it), and evaluates nothing; next() gives a token, whose text is
  // valid until the next call, or none where the generation has ended, as generation() says. A cancelled prompt leaves
  // nothing to go on with. invalid_argument where no generation was begun: any other call of the session but position()
  // and context() ends it.
  Status begin(std::span<const int32_t> prompt, const GenerateOptions& options);
  Result<std::optional<GeneratedToken>> next();
  Result<Generation> generation() const;

  int64_t position() const;  // tokens evaluated so far
  int64_t context() const;
  // Forgets everything from `position` on (0: all). `position` must not lie ahead.
  Status rewind(int64_t position);

  // From here on tokens are evaluated with an adapter of this session's model beside the weights, in place of the one
  // before; what it adds is multiplied by `strength`. What was evaluated stays as it is: rewind(0) begins anew.
  // Sessions of Model::create_sessions() share it: the last call of any of them counts for all.
  Status attach(const Adapter& adapter, double strength = 1.0);
  Status detach();  // without any, that of LoadOptions included

  // Another session at the same position, with the same options: what both go on with is their own.
  Result<Session> fork() const;
  // Its tokens and caches as bytes, which restore() takes in place of what a session holds: of the same model, with the
  // same activations and KV cache, and a context that is large enough (invalid_argument), in another process or on
  // another backend, too. What of them may be another model's is told by its shape, name and size alone. corrupt_file:
  // bytes that are damaged or something else. Where the device refuses the restored rows, the session is empty.
  Result<std::vector<std::byte>> save() const;
  uint64_t saved_bytes() const;  // how many save() would give
  Status restore(std::span<const std::byte> bytes);

 private:
  friend class Model;
  friend Result<std::vector<Result<std::optional<GeneratedToken>>>> next_of_each(std::span<Session* const> sessions);
  explicit Session(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Session::next() of each of the sessions, none of them twice: the same tokens, but those of Model::create_sessions()
// are evaluated by one pass, which reads the weights once for all. Prompts are evaluated one after another. What fails
// or ends for one session concerns no other. keep_going is asked before a pass, and until its end: once that of each of
// its sessions has said false it is waited for no longer.
Result<std::vector<Result<std::optional<GeneratedToken>>>> next_of_each(std::span<Session* const> sessions);

}  // namespace tritium
