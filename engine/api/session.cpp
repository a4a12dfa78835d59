// A session's state: the tokens in its caches, and the logits after the last one, which are there or are not.
#include <algorithm>

#include "api/state.h"
#include "base/cancel.h"
#include "base/cancellable_lock.h"
#include "base/caught.h"
#include "base/format_text.h"
#include "model/passes.h"
#include "ops/compare_backend.h"

namespace tritium {
namespace {

// Runs it within a RenderDoc capture, the only one.
Status captured(Runtime::State& runtime, const auto& run) {
  Backend& backend = tested_backend(*runtime.backend);
  if (Status status = begin_capture(backend); !status.ok()) return status;
  const Status status = run();
  const Status written = end_capture(backend);
  return status.ok() ? written : status;
}

}  // namespace

SessionCall::SessionCall(Session::State* state, Generation generation) {
  if (!state) {
    status_ = Status(StatusCode::invalid_argument, "this session was moved from: use the one it was moved to");
  } else if (state->busy.test_and_set(std::memory_order_acquire)) {
    status_ =
        Status(StatusCode::invalid_argument,
               "a call of this session is under way: one thread uses a session at a time, and its callbacks do not");
  } else {
    state_ = state;
    if (generation == Generation::ends) state->stream.reset();
  }
}

Session::Session(std::unique_ptr<State> state) : state_(std::move(state)) {}
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;
Session::~Session() = default;

int64_t Session::position() const { return state_ ? state_->position() : 0; }
int64_t Session::context() const { return state_ ? state_->forward.options.capacity : 0; }

Status Session::rewind(int64_t position) try {
  const SessionCall call(state_.get());
  if (!call.status().ok()) return call.status();
  const int64_t now = state_->position();
  if (position < 0 || position > now)
    return error(StatusCode::invalid_argument, "cannot rewind to ", position, ": the session is at ", now);
  if (position == now) return Status();
  state_->tokens.resize(static_cast<size_t>(position));
  state_->logits_are = State::Place::nowhere;
  return Status();
} catch (...) {
  return caught();
}

Status Session::State::check(std::span<const int32_t> more) const {
  const int64_t vocab_size = model->config.vocab_size;
  const int64_t context = forward.options.capacity;
  if (more.empty()) return error(StatusCode::invalid_argument, "there are no tokens to evaluate");
  for (size_t i = 0; i < more.size(); ++i)
    if (more[i] < 0 || more[i] >= vocab_size)
      return error(StatusCode::invalid_argument, "token ", i, " is ", more[i], ", this model has ids 0 to ",
                   vocab_size - 1);
  if (position() + static_cast<int64_t>(more.size()) > context)
    return error(StatusCode::invalid_argument, "the context holds ", context, " tokens; ", position(), " are used and ",
                 more.size(), " more were given");
  return Status();
}

template <typename Run>
Status Session::State::in_batches(std::span<const int32_t> more, const Run& run) {
  if (Status status = check(more); !status.ok()) return status;
  Runtime::State& runtime = *model->runtime;
  const auto batch = static_cast<size_t>(forward.options.batch);
  logits_are = Place::nowhere;
  for (size_t done = 0; done < more.size();) {
    // The lock is taken for each batch: sessions of one device take turns within a long prompt.
    const std::unique_lock lock = lock_unless_cancelled(runtime.backend->mutex());
    if (!lock || cancelled()) return cancelled_status();
    if (Status status = shared->need_weights(); !status.ok()) return status;
    shared->logits_of = this;
    size_t n = std::min(batch, more.size() - done);
    // A capture holds one token: the last one is kept for a batch of its own.
    if (runtime.capture_in > 0 && n > 1 && done + n == more.size()) --n;
    const bool last = done + n == more.size();
    const auto run_now = [&] { return run(more.subspan(done, n), done, last); };
    const bool capture = n == 1 && runtime.capture_in > 0 && --runtime.capture_in == 0;
    if (Status status = capture ? captured(runtime, run_now) : run_now(); !status.ok()) return status;
    done += n;
  }
  tokens.insert(tokens.end(), more.begin(), more.end());
  return Status();
}

Status Session::State::not_finite(std::span<const int32_t> more, size_t n, Logits wanted) {
  const std::string what = join("the logits after token ", tokens.size() + n - 1, " are not finite");
  std::vector<int32_t> all = tokens;
  all.insert(all.end(), more.begin(), more.begin() + static_cast<std::ptrdiff_t>(n));
  // From the first token on: what is in the caches may not have been looked at.
  const auto batch = static_cast<size_t>(forward.options.batch);
  for (size_t at = 0; at < all.size(); at += batch) {
    const auto some = std::span<const int32_t>(all).subspan(at, std::min(batch, all.size() - at));
    const bool last = at + some.size() == all.size();
    const Result<NotFinite> found =
        forward_not_finite(model->config, *shared->weights, forward, *model->runtime->backend, some,
                           {static_cast<int64_t>(at), sequence}, last || wanted == Logits::all ? wanted : Logits::none);
    if (!found.ok()) return found.status().within(what);
    if (found->has_value())
      return error(StatusCode::device_error, model->info.path, ": ", what, ": ", **found, ", in the pass of tokens ",
                   at, " to ", at + some.size() - 1, "; weights or device are damaged, or values are too large");
  }
  return error(StatusCode::device_error, model->info.path, ": ", what,
               "; evaluated again, operation by operation, all values were finite: the device is not reliable");
}

Status Session::State::evaluate(std::span<const int32_t> more, Logits wanted, std::span<float> out,
                                std::span<int32_t> experts) {
  const auto vocab = static_cast<size_t>(model->config.vocab_size);
  Status status = in_batches(more, [&](std::span<const int32_t> batch, size_t begin, bool last) {
    const Logits now = wanted == Logits::last && !last ? Logits::none : wanted;
    const auto rows = wanted == Logits::all ? out.subspan(begin * vocab, batch.size() * vocab) : out;
    Status run = tritium::forward(model->config, *shared->weights, forward, *model->runtime->backend, batch, at(begin),
                                  now, rows, experts_of(model->config, experts, more.size(), begin, batch.size()));
    if (!run.ok() || now == Logits::none) return run;
    for (size_t i = 0; i < rows.size(); i += vocab)
      if (!all_finite(rows.subspan(i, vocab)))
        return not_finite(more, wanted == Logits::all ? begin + i / vocab + 1 : more.size(), wanted);
    return Status();
  });
  if (!status.ok()) return status;
  if (wanted == Logits::all) std::ranges::copy(out.last(vocab), logits.begin());
  logits_are = Place::host;
  return Status();
}

Status Session::State::evaluate_greedy(std::span<const int32_t> more, std::span<int32_t> best,
                                       std::span<int32_t> experts) {
  Backend& backend = *model->runtime->backend;
  const bool all = best.size() == more.size();
  Status status = in_batches(more, [&](std::span<const int32_t> batch, size_t begin, bool last) {
    if (!all && !last)
      return tritium::forward(model->config, *shared->weights, forward, backend, batch, at(begin), Logits::none, {});
    const std::span<int32_t> now = all ? best.subspan(begin, batch.size()) : best;
    Status found = forward_greedy(model->config, *shared->weights, forward, backend, batch, at(begin), now,
                                  experts_of(model->config, experts, more.size(), begin, batch.size()));
    if (!found.ok()) return found;
    const auto bad = std::ranges::find_if(now, [](int32_t id) { return id < 0; });
    if (bad == now.end()) return Status();
    return not_finite(more, all ? begin + static_cast<size_t>(bad - now.begin()) + 1 : more.size(),
                      all ? Logits::all : Logits::last);
  });
  if (status.ok() && best.size() == 1) logits_are = Place::device;
  return status;
}

Result<int32_t> Session::State::evaluate_chained(TokenChain& chain, int32_t token, int64_t wanted) {
  int32_t best = -1;
  Status status = in_batches({&token, 1}, [&](std::span<const int32_t> one, size_t, bool) {
    Backend& backend = *model->runtime->backend;
    const Result<int32_t> found = chain.after(model->config, *shared->weights, forward, backend, token, at(0), wanted);
    if (!found.ok()) return found.status();
    best = *found;
    return best < 0 ? not_finite(one, 1, Logits::last) : Status();
  });
  if (!status.ok()) return chain.drop(), status;
  logits_are = chain.is_ahead() ? Place::nowhere : Place::device;
  return best;
}

Status Session::State::evaluate_candidates(int32_t token, std::span<int32_t> candidates, std::span<int32_t> experts) {
  Status status = in_batches({&token, 1}, [&](std::span<const int32_t> one, size_t, bool) {
    Status found = forward_candidates(model->config, *shared->weights, forward, *model->runtime->backend, token, at(0),
                                      std::ssize(candidates) / 2, candidates, experts);
    if (!found.ok()) return found;
    return candidates.front() < 0 ? not_finite(one, 1, Logits::last) : Status();
  });
  if (status.ok()) logits_are = Place::device;
  return status;
}

Status Session::State::slide(int64_t sinks) {
  const auto first = static_cast<size_t>(sinks);
  const size_t dropped = (tokens.size() - first + 1) / 2;
  const std::vector<int32_t> kept(tokens.begin() + static_cast<std::ptrdiff_t>(first + dropped), tokens.end());
  tokens.resize(first);
  logits_are = Place::nowhere;
  if (kept.empty()) return Status();
  return in_batches(kept, [&](std::span<const int32_t> batch, size_t begin, bool) {
    return tritium::forward(model->config, *shared->weights, forward, *model->runtime->backend, batch, at(begin),
                            Logits::none, {});
  });
}

Result<std::vector<float>> Session::State::hidden(std::span<const int32_t> more, bool all) {
  const auto dim = static_cast<size_t>(model->config.dim);
  std::vector<float> values((all ? more.size() : 1) * dim);
  const Status status = in_batches(more, [&](std::span<const int32_t> batch, size_t begin, bool last) {
    const Logits now = all ? Logits::all : last ? Logits::last : Logits::none;
    const auto rows = all ? std::span(values).subspan(begin * dim, batch.size() * dim) : std::span(values);
    return forward_hidden(model->config, *shared->weights, forward, *model->runtime->backend, batch, at(begin), now,
                          rows);
  });
  if (!status.ok()) return status;
  if (!all_finite(values))
    return error(StatusCode::device_error, model->info.path, ": the hidden values of the text are not finite");
  return values;
}

Status Session::State::need_logits() {
  if (logits_are == Place::host) return Status();
  if (logits_are == Place::device) {
    Backend& backend = *model->runtime->backend;
    const std::unique_lock lock = lock_unless_cancelled(backend.mutex());
    if (!lock) return cancelled_status();
    if (shared->logits_of == this) {
      Status status = download_logits(model->config, forward, backend, logits);
      if (status.ok()) logits_are = Place::host;
      return status;
    }
  }
  return evaluate_last_again();
}

Status Session::State::evaluate_last_again(std::span<int32_t> experts) {
  const int32_t last = tokens.back();
  tokens.pop_back();
  try {
    Status status = evaluate({&last, 1}, Logits::last, logits, experts);
    if (!status.ok()) tokens.push_back(last);
    return status;
  } catch (...) {
    tokens.push_back(last);
    throw;
  }
}

Result<std::span<const float>> Session::evaluate(std::span<const int32_t> tokens,
                                                 const std::function<bool()>& keep_going) try {
  const SessionCall call(state_.get());
  if (!call.status().ok()) return call.status();
  const CancelScope scope(keep_going);
  const Status status = state_->evaluate(tokens, Logits::last, state_->logits);
  if (!status.ok()) return status;
  return std::span<const float>(state_->logits);
} catch (...) {
  return caught();
}

Result<std::span<const float>> Session::logits(const std::function<bool()>& keep_going) try {
  const SessionCall call(state_.get());
  if (!call.status().ok()) return call.status();
  const CancelScope scope(keep_going);
  if (state_->position() == 0)
    return error(StatusCode::invalid_argument, "there are no logits before the first token: evaluate one");
  if (Status status = state_->need_logits(); !status.ok()) return status;
  return std::span<const float>(state_->logits);
} catch (...) {
  return caught();
}

Result<std::vector<float>> Session::evaluate_all(std::span<const int32_t> tokens,
                                                 const std::function<bool()>& keep_going) try {
  const SessionCall call(state_.get());
  if (!call.status().ok()) return call.status();
  const CancelScope scope(keep_going);
  // Checked before the result is allocated, which its size would make expensive.
  if (Status status = state_->check(tokens); !status.ok()) return status;
  std::vector<float> logits(tokens.size() * static_cast<size_t>(state_->model->config.vocab_size));
  if (Status status = state_->evaluate(tokens, Logits::all, logits); !status.ok()) return status;
  return logits;
} catch (...) {
  return caught();
}

}  // namespace tritium
