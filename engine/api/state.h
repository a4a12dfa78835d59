// What stands behind the public handles.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "api/compiled_grammars.h"
#include "api/tool_grammars.h"
#include "api/weight_source.h"
#include "backends.h"
#include "model/adapters.h"
#include "model/config.h"
#include "model/decoding.h"
#include "model/state.h"
#include "model/transformer.h"
#include "text/chat_format.h"
#include "text/grammar/token_trie.h"
#include "text/tokenizer.h"
#include "tritium/tritium.hpp"

namespace tritium {

class TokenStream;

struct Runtime::State {
  std::unique_ptr<Backend> backend;
  std::string name;  // "cpu", "vulkan:0"
  LogSink log;
  // Evaluations of a single token up to the one that is captured, with it; 0: none is to be. Guarded by
  // backend->mutex().
  int capture_in = 0;
  bool captures = false;  // was asked to: tokens are evaluated one at a time
};

struct SharedForward;

// A LoRA adapter on the device of its model.
struct Adapter::State {
  std::shared_ptr<Runtime::State> runtime;  // outlives the adapter: declared first, destroyed last
  std::weak_ptr<const Model::State> model;
  LowRankAdapter parts;

  // What holds no device memory, as after a load that was cancelled, waits for nobody.
  ~State() {
    if (parts.parts.empty()) return;
    const std::lock_guard lock(runtime->backend->mutex());
    parts = {};
  }
};

// Beside the weights of sessions, and how strong; null: none.
struct Attached {
  std::shared_ptr<const Adapter::State> adapter;
  float strength = 1.0f;
};

struct Model::State {
  std::shared_ptr<Runtime::State> runtime;  // outlives the weights: declared first, destroyed last
  Config config;
  ModelInfo info;
  WeightSource source;
  Attached adapter;                            // of sessions, until they take another one
  std::shared_ptr<const Tokenizer> tokenizer;  // null: info.tokenizer_problem says why
  ChatFormat chat;
  mutable ToolGrammars tool_grammars;
  mutable CompiledGrammars grammars;
  Pooling pooling = Pooling::last;  // what the file says
  // Of the tokenizer, which there must be; made by the first call. Any number of threads may ask.
  std::shared_ptr<const grammar::TokenTrie> token_trie() const;

  // These are guarded by the backend's mutex, which whoever calls need_weights() holds.
  mutable std::shared_ptr<const Weights> weights;  // null: parked
  mutable std::vector<SharedForward*> forwards;    // of all sessions there are
  // Loads them again where they are parked.
  Status need_weights() const;
  mutable std::atomic<bool> parked = false;  // whether `weights` is null, for those who do not wait for the mutex

  ~State() {
    if (!weights) return;  // parked, or never loaded
    // Freeing device memory is an operation on the backend.
    const std::lock_guard lock(runtime->backend->mutex());
    weights.reset();
  }

 private:
  mutable std::mutex trie_mutex_;
  mutable std::shared_ptr<const grammar::TokenTrie> trie_;
};

// The caches and passes of a session, or of several whose next tokens can be evaluated by one pass.
struct SharedForward {
  // Who makes it holds the backend's mutex; who releases it does not.
  SharedForward(std::shared_ptr<const Model::State> of, const std::unique_lock<std::mutex>& held);
  ~SharedForward();
  SharedForward(const SharedForward&) = delete;
  SharedForward& operator=(const SharedForward&) = delete;

  const std::shared_ptr<const Model::State> model;
  ForwardState forward;
  // All that follows is guarded by the backend's mutex; only attach() takes it, to release the adapter before without.
  const void* logits_of = nullptr;  // the session whose logits are on the device
  Attached attached;
  std::shared_ptr<const Weights> weights;  // those of the passes: the model's, with the adapter; null: not yet known

  // Makes `weights` known, which loads those of a parked model.
  Status need_weights();
  // Passes that were recorded hold the weights in memory.
  void forget_weights();
  void attach(Attached next);
};

struct Session::State {
  State(std::shared_ptr<SharedForward> with, int64_t number)
      : shared(std::move(with)), model(shared->model), forward(shared->forward), sequence(number) {}

  std::shared_ptr<SharedForward> shared;
  std::shared_ptr<const Model::State> model;
  ForwardState& forward;
  const int64_t sequence;       // of those that share `forward`
  std::vector<int32_t> tokens;  // evaluated so far; has room for as many as the caches
  std::vector<float> logits;    // [vocab_size], after the last token, where they are on the host
  enum class Place { nowhere, host, device } logits_are = Place::nowhere;
  std::atomic_flag busy;                // a call is under way
  std::shared_ptr<TokenStream> stream;  // of begin(); null: none. Not shared: it is deleted where its type is not known

  int64_t position() const { return static_cast<int64_t>(tokens.size()); }
  // Of the token that is appended `further` ones from now.
  TokenPosition at(size_t further) const { return {position() + static_cast<int64_t>(further), sequence}; }
  bool shares() const { return forward.options.sequences > 1; }
  // Appends tokens in batches; writes the logits of the last token, or of all, to `out`. Here and below `experts`,
  // unless it is empty, gets those that were chosen for the same tokens (forward()).
  Status evaluate(std::span<const int32_t> more, Logits wanted, std::span<float> out, std::span<int32_t> experts = {});
  // Appends tokens; the tokens whose logits are the largest after the last one (`best` has one element), whose logits
  // stay on the device, or after each of at most forward.logit_rows.
  Status evaluate_greedy(std::span<const int32_t> more, std::span<int32_t> best, std::span<int32_t> experts = {});
  // Appends a token; the token whose logit is the largest after it, from a chain that is this session's. At most
  // `wanted` will be asked for from here on.
  Result<int32_t> evaluate_chained(TokenChain& chain, int32_t token, int64_t wanted);
  // Appends a token; the `candidates` largest logits after it, which stay on the device (forward_candidates).
  Status evaluate_candidates(int32_t token, std::span<int32_t> candidates, std::span<int32_t> experts = {});
  // Keeps the first `sinks` tokens, fewer than there are, and the latest half of the others, which is evaluated anew,
  // without logits. Where that fails the first ones alone are left.
  Status slide(int64_t sinks);
  // Appends tokens; the hidden values after the last norm: of the last token [dim], or of all [n, dim].
  Result<std::vector<float>> hidden(std::span<const int32_t> more, bool all);
  // Appends a token to each of `sessions`, which share their caches, by one pass; their logits are on the host then.
  // Its outcome for each: what fails for one leaves that one as it was. Where one's stream asks for the experts, it
  // gets them.
  static std::vector<Status> evaluate_together(std::span<State* const> sessions, std::span<const int32_t> more);
  // options.sequences sessions that share their caches, of a size that fits the free memory.
  static Result<std::vector<std::unique_ptr<State>>> make(std::shared_ptr<const Model::State> model,
                                                          const StateOptions& options);
  // In place of what the session holds: tokens, and the rows of every cache that belong to them, one cache after the
  // other (saved_session.cpp). After an error it holds nothing.
  Status take_rows(std::span<const int32_t> taken, std::span<std::byte> rows);
  // The logits after the last token into `logits`: from the device, or evaluated again where there are none.
  Status need_logits();
  Status evaluate_last_again(std::span<int32_t> experts = {});
  Status check(std::span<const int32_t> more) const;
  // Appends tokens by run(batch, its first one's index in `more`, whether it is the last one). After an error nothing
  // is appended, and there are no logits.
  template <typename Run>
  Status in_batches(std::span<const int32_t> more, const Run& run);
  // The error that says where the first value appeared that is not finite, after logits of more[n - 1] that are not.
  Status not_finite(std::span<const int32_t> more, size_t n, Logits wanted);

  ~State() { stream.reset(); }  // which looks at the others
};

// The calls of a Session: one at a time. invalid_argument for a session that was moved from, or is used elsewhere.
class SessionCall {
 public:
  enum class Generation { ends, goes_on };  // that begin() began
  explicit SessionCall(Session::State* state, Generation generation = Generation::ends);
  ~SessionCall() {
    if (state_) state_->busy.clear(std::memory_order_release);
  }
  SessionCall(const SessionCall&) = delete;
  SessionCall& operator=(const SessionCall&) = delete;
  const Status& status() const { return status_; }

 private:
  Session::State* state_ = nullptr;
  Status status_;
};

}  // namespace tritium
