#include <algorithm>

#include "api/state.h"
#include "base/caught.h"
#include "base/format_text.h"
#include "ops/compare_backend.h"

namespace tritium {

Session::Session(std::unique_ptr<State> state) : state_(std::move(state)) {}
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;
Session::~Session() = default;

int64_t Session::position() const { return state_->position; }
int64_t Session::context() const { return state_->forward.options.capacity; }

Status Session::rewind(int64_t position) try {
  if (position < 0 || position > state_->position)
    return error(StatusCode::invalid_argument, "cannot rewind to ", position, ": the session is at ", state_->position);
  state_->position = position;
  return Status();
} catch (...) {
  return caught();
}

Status Session::State::check(std::span<const int32_t> tokens) const {
  const int64_t vocab_size = model->config.vocab_size;
  const int64_t context = forward.options.capacity;
  if (tokens.empty()) return error(StatusCode::invalid_argument, "there are no tokens to evaluate");
  for (size_t i = 0; i < tokens.size(); ++i)
    if (tokens[i] < 0 || tokens[i] >= vocab_size)
      return error(StatusCode::invalid_argument, "token ", i, " is ", tokens[i], ", this model has ids 0 to ",
                   vocab_size - 1);
  if (position + static_cast<int64_t>(tokens.size()) > context)
    return error(StatusCode::invalid_argument, "the context holds ", context, " tokens; ", position, " are used and ",
                 tokens.size(), " more were given");
  return Status();
}

Status Session::State::run_batch(std::span<const int32_t> tokens, int64_t at, Logits wanted, std::span<float> out) {
  Runtime::State& runtime = *model->runtime;
  const bool capture = runtime.capture_pending && tokens.size() == 1;
  if (capture)
    if (Status status = begin_capture(tested_backend(*runtime.backend)); !status.ok()) return status;
  Status status = tritium::forward(model->config, model->weights, forward, *runtime.backend, tokens, at, wanted, out);
  if (!capture) return status;
  runtime.capture_pending = false;
  const Status captured = end_capture(tested_backend(*runtime.backend));
  return status.ok() ? captured : status;
}

Status Session::State::evaluate(std::span<const int32_t> tokens, Logits wanted, std::span<float> out) {
  if (Status status = check(tokens); !status.ok()) return status;
  Runtime::State& runtime = *model->runtime;
  const auto batch = static_cast<size_t>(forward.options.batch);
  const auto vocab = static_cast<size_t>(model->config.vocab_size);
  int64_t at = position;
  for (size_t done = 0; done < tokens.size();) {
    // The lock is taken for each batch: sessions of one device take turns within a long prompt.
    const std::lock_guard lock(runtime.backend->mutex());
    size_t n = std::min(batch, tokens.size() - done);
    // A capture holds one token: the last one is kept for a batch of its own.
    if (runtime.capture_pending && n > 1 && done + n == tokens.size()) --n;
    const auto rows = wanted == Logits::all ? out.subspan(done * vocab, n * vocab) : out;
    const Logits now = wanted == Logits::last && done + n < tokens.size() ? Logits::none : wanted;
    if (Status status = run_batch(tokens.subspan(done, n), at, now, rows); !status.ok()) return status;
    done += n;
    at += static_cast<int64_t>(n);
  }
  position = at;
  return Status();
}

Result<std::span<const float>> Session::evaluate(std::span<const int32_t> tokens) try {
  const Status status = state_->evaluate(tokens, Logits::last, state_->logits);
  if (!status.ok()) return status;
  return std::span<const float>(state_->logits);
} catch (...) {
  return caught();
}

Result<std::vector<float>> Session::evaluate_all(std::span<const int32_t> tokens) try {
  // Checked before the result is allocated, which its size would make expensive.
  if (Status status = state_->check(tokens); !status.ok()) return status;
  std::vector<float> logits(tokens.size() * static_cast<size_t>(state_->model->config.vocab_size));
  if (Status status = state_->evaluate(tokens, Logits::all, logits); !status.ok()) return status;
  return logits;
} catch (...) {
  return caught();
}

}  // namespace tritium
