#include <algorithm>

#include "api/state.h"
#include "base/caught.h"
#include "base/format_text.h"
#include "ops/compare_backend.h"

namespace tritium {
namespace {

// Runs it within a RenderDoc capture, the only one.
Status captured(Runtime::State& runtime, const auto& run) {
  Backend& backend = tested_backend(*runtime.backend);
  if (Status status = begin_capture(backend); !status.ok()) return status;
  const Status status = run();
  runtime.capture_pending = false;
  const Status written = end_capture(backend);
  return status.ok() ? written : status;
}

}  // namespace

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

template <typename Run>
Status Session::State::in_batches(std::span<const int32_t> tokens, const Run& run) {
  if (Status status = check(tokens); !status.ok()) return status;
  Runtime::State& runtime = *model->runtime;
  const auto batch = static_cast<size_t>(forward.options.batch);
  int64_t at = position;
  for (size_t done = 0; done < tokens.size();) {
    // The lock is taken for each batch: sessions of one device take turns within a long prompt.
    const std::lock_guard lock(runtime.backend->mutex());
    size_t n = std::min(batch, tokens.size() - done);
    // A capture holds one token: the last one is kept for a batch of its own.
    if (runtime.capture_pending && n > 1 && done + n == tokens.size()) --n;
    const bool last = done + n == tokens.size();
    const auto run_now = [&] { return run(tokens.subspan(done, n), at, last); };
    const bool capture = runtime.capture_pending && n == 1;
    if (Status status = capture ? captured(runtime, run_now) : run_now(); !status.ok()) return status;
    done += n;
    at += static_cast<int64_t>(n);
  }
  position = at;
  return Status();
}

Status Session::State::evaluate(std::span<const int32_t> tokens, Logits wanted, std::span<float> out) {
  if (wanted == Logits::all)  // they pass where the last token's logits may still lie
    if (Status status = read_logits(); !status.ok()) return status;
  const auto vocab = static_cast<size_t>(model->config.vocab_size);
  size_t written = 0;
  Status status = in_batches(tokens, [&](std::span<const int32_t> batch, int64_t at, bool last) {
    const Logits now = wanted == Logits::last && !last ? Logits::none : wanted;
    const auto rows = wanted == Logits::all ? out.subspan(written * vocab, batch.size() * vocab) : out;
    written += batch.size();
    return tritium::forward(model->config, model->weights, forward, *model->runtime->backend, batch, at, now, rows);
  });
  if (status.ok() && wanted == Logits::last) logits_are_behind = false;
  return status;
}

Result<int32_t> Session::State::evaluate_greedy(std::span<const int32_t> tokens) {
  Backend& backend = *model->runtime->backend;
  int32_t best = 0;
  Status status = in_batches(tokens, [&](std::span<const int32_t> batch, int64_t at, bool last) {
    if (!last) return tritium::forward(model->config, model->weights, forward, backend, batch, at, Logits::none, {});
    const Result<int32_t> found = forward_greedy(model->config, model->weights, forward, backend, batch, at);
    if (found.ok()) best = *found;
    return found.status();
  });
  if (!status.ok()) return status;
  logits_are_behind = true;
  return best;
}

Status Session::State::read_logits() {
  if (!logits_are_behind) return Status();
  Backend& backend = *model->runtime->backend;
  const std::lock_guard lock(backend.mutex());
  Status status = download_logits(model->config, forward, backend, logits);
  if (status.ok()) logits_are_behind = false;
  return status;
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
