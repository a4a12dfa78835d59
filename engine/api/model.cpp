#include <algorithm>

#include "api/state.h"
#include "base/cancel.h"
#include "base/cancellable_lock.h"
#include "base/caught.h"
#include "base/format_text.h"

namespace tritium {
namespace {

constexpr int64_t kDefaultContext = 4096;

Status moved_from() {
  return Status(StatusCode::invalid_argument, "this model was moved from: use the one it was moved to");
}

Status no_tokenizer(const ModelInfo& info) {
  return error(StatusCode::unsupported, info.path, ": text needs a tokenizer: ", info.tokenizer_problem,
               "; token ids work without one");
}

ActivationMode mode_of(Activations activations) {
  switch (activations) {
    case Activations::int8: return ActivationMode::int8_per_token;
    case Activations::int8_block: return ActivationMode::int8_per_block;
    case Activations::f32: return ActivationMode::f32;
  }
  return ActivationMode::f32;
}

DType dtype_of(KvCacheType type) {
  switch (type) {
    case KvCacheType::f16: return DType::f16;
    case KvCacheType::int8: return DType::i8;
    case KvCacheType::f32: return DType::f32;
  }
  return DType::f32;
}

// Memory of the host is there when it is asked for, and missing when it is used: so it is asked before.
Status check_memory(const Model::State& model, const Weights& weights, const StateOptions& options) {
  const Result<StateBytes> bytes = state_bytes(model.config, weights, options);
  if (!bytes.ok()) return bytes.status();
  const uint64_t needed =
      bytes->activations + bytes->cache_per_token * static_cast<uint64_t>(options.sequences * options.capacity);
  const uint64_t available = model.runtime->backend->available_memory();
  if (available == 0 || needed <= available) return Status();
  return error(StatusCode::out_of_memory, "needs ", needed >> 20, " MiB (", bytes->cache_per_token,
               " bytes a token of context, ", bytes->activations >> 20, " MiB for a batch), ", available >> 20,
               " MiB are free; a smaller context or batch needs less");
}

}  // namespace

Result<std::vector<std::unique_ptr<Session::State>>> Session::State::make(std::shared_ptr<const Model::State> model,
                                                                          const StateOptions& options) {
  const Model::State& m = *model;
  std::shared_ptr<SharedForward> shared;
  const auto what = [&] {
    const std::string sizes = join(" with a context of ", options.capacity, " tokens and batches of ", options.batch);
    return options.sequences == 1 ? "a session" + sizes : join(options.sequences, " sessions, each", sizes);
  };
  {
    Backend& backend = *m.runtime->backend;
    const std::unique_lock lock = lock_unless_cancelled(backend.mutex());
    if (!lock) return cancelled_status();
    shared = std::make_shared<SharedForward>(std::move(model), lock);
    if (Status s = shared->need_weights(); !s.ok()) return s.within(what());
    if (Status s = check_memory(m, *shared->weights, options); !s.ok()) return s.within(what());
    Result<ForwardState> forward = make_state(m.config, *shared->weights, backend, options);
    if (!forward.ok()) return forward.status().within(what());
    shared->forward = *std::move(forward);
  }
  std::vector<std::unique_ptr<Session::State>> sessions;
  for (int64_t i = 0; i < options.sequences; ++i) {
    const auto& session = sessions.emplace_back(std::make_unique<Session::State>(shared, i));
    session->tokens.reserve(static_cast<size_t>(options.capacity));
    session->logits.resize(static_cast<size_t>(m.config.vocab_size));
  }
  return sessions;
}

std::shared_ptr<const grammar::TokenTrie> Model::State::token_trie() const {
  const std::lock_guard lock(trie_mutex_);
  if (!trie_) trie_ = grammar::TokenTrie::make(tokenizer);
  return trie_;
}

Model::Model(std::shared_ptr<const State> state) : state_(std::move(state)) {}

const ModelInfo& Model::info() const {
  static const ModelInfo none;
  return state_ ? state_->info : none;
}

Result<Session> Model::create_session(const SessionOptions& options) const {
  Result<std::vector<Session>> sessions = create_sessions(1, options);
  if (!sessions.ok()) return sessions.status();
  return std::move(sessions->front());
}

Result<std::vector<Session>> Model::create_sessions(int64_t n, const SessionOptions& options) const try {
  constexpr int64_t kMostSessions = 1024;
  if (!state_) return moved_from();
  if (n < 1 || n > kMostSessions)
    return error(StatusCode::invalid_argument, "sessions are ", n, ", must be 1 to ", kMostSessions);
  const int64_t longest = state_->config.context_length;
  const int64_t context = options.context == 0 ? std::min(longest, kDefaultContext) : options.context;
  if (context < 1 || context > longest)
    return error(StatusCode::invalid_argument, "context is ", context, ", this model takes 1 to ", longest, " tokens");
  if (options.batch < 0)
    return error(StatusCode::invalid_argument, "batch is ", options.batch,
                 ", must be 1 or more, or 0 for the backend's choice");

  const int64_t batch = options.batch == 0 ? state_->runtime->backend->prompt_batch() : options.batch;
  const CancelScope scope(options.keep_going);
  Result<std::vector<std::unique_ptr<Session::State>>> states =
      Session::State::make(state_, {.capacity = context,
                                    .sequences = n,
                                    .batch = std::max(n, std::min(batch, context)),
                                    .activations = mode_of(options.activations),
                                    .cache = dtype_of(options.kv)});
  if (!states.ok()) return states.status();
  std::vector<Session> sessions;
  for (std::unique_ptr<Session::State>& state : *states) sessions.push_back(Session(std::move(state)));
  return sessions;
} catch (...) {
  return caught();
}

Result<std::vector<int32_t>> Model::tokenize(std::string_view text) const try {
  if (!state_) return moved_from();
  if (!state_->tokenizer) return no_tokenizer(state_->info);
  return state_->tokenizer->encode(text);
} catch (...) {
  return caught();
}

Result<std::string> Model::detokenize(std::span<const int32_t> tokens) const try {
  if (!state_) return moved_from();
  if (!state_->tokenizer) return no_tokenizer(state_->info);
  return state_->tokenizer->decode(tokens);
} catch (...) {
  return caught();
}

int32_t Model::begin_of_text() const { return state_ && state_->tokenizer ? state_->tokenizer->bos() : -1; }
int32_t Model::end_of_text() const { return state_ && state_->tokenizer ? state_->tokenizer->eos() : -1; }

}  // namespace tritium
