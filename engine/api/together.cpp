// The next tokens of several generations: one pass of the device for the sessions that share their caches.
#include <algorithm>
#include <functional>
#include <map>

#include "api/state.h"
#include "api/token_stream.h"
#include "base/cancel.h"
#include "base/cancellable_lock.h"
#include "base/caught.h"
#include "base/format_text.h"

namespace tritium {

std::vector<Status> Session::State::evaluate_together(std::span<State* const> sessions, std::span<const int32_t> more) {
  std::vector<Status> outcome(sessions.size());
  const State& first = *sessions.front();
  const Model::State& model = *first.model;
  Backend& backend = *model.runtime->backend;
  const auto vocab = static_cast<size_t>(model.config.vocab_size);
  std::vector<TokenPosition> at;
  for (const State* session : sessions) at.push_back(session->at(0));
  std::vector<float> logits(sessions.size() * vocab);
  const auto asks = [](const State* session) { return session->stream && !session->stream->experts().empty(); };
  const auto chosen = static_cast<size_t>(model.config.n_choices());
  std::vector<int32_t> experts(std::ranges::any_of(sessions, asks) ? sessions.size() * chosen : 0);
  const std::unique_lock lock = lock_unless_cancelled(backend.mutex());
  if (!lock) {
    std::ranges::fill(outcome, cancelled_status());
    return outcome;
  }
  for (State* session : sessions) session->logits_are = Place::nowhere;
  first.shared->logits_of = nullptr;
  Status status = first.shared->need_weights();
  if (status.ok())
    status = forward_together(model.config, *first.shared->weights, first.forward, backend, more, at, logits, experts);
  for (size_t i = 0; i < sessions.size(); ++i) {
    State& session = *sessions[i];
    const auto row = std::span<const float>(logits).subspan(i * vocab, vocab);
    outcome[i] = status.ok() && !all_finite(row) ? session.not_finite(more.subspan(i, 1), 1, Logits::last) : status;
    if (!outcome[i].ok()) continue;
    std::ranges::copy(row, session.logits.begin());
    if (asks(&session))
      std::ranges::copy(std::span(experts).subspan(i * chosen, chosen), session.stream->experts().begin());
    session.tokens.push_back(more[i]);
    session.logits_are = Place::host;
  }
  return outcome;
}

namespace {

using Outcome = Result<std::optional<GeneratedToken>>;

// A session of the call, for as long as it lasts.
struct Participant {
  explicit Participant(Session::State* s) : state(s), call(s, SessionCall::Generation::goes_on) {}
  Session::State* state;
  SessionCall call;
};

// What is evaluated alone: a prompt, guesses, a slide, an end.
Outcome alone(Participant& p) try {
  if (!p.call.status().ok()) return p.call.status();
  if (!p.state->stream)
    return error(StatusCode::invalid_argument,
                 "no generation is under way: begin() one; any other call of the session has ended it");
  const CancelScope scope(p.state->stream->keep_going());
  return p.state->stream->next();
} catch (...) {
  return caught();
}

bool joins(const Participant& p) {
  if (!p.call.status().ok() || !p.state->stream || p.state->stream->evaluated_next() < 0) return false;
  const CancelScope scope(p.state->stream->keep_going());
  return !cancelled();
}

// Whoever cannot answer does not want to go on, as with a CancelScope.
bool goes_on(const std::function<bool()>& keep_going) {
  try {
    return !keep_going || keep_going();
  } catch (...) {
    return false;
  }
}

// By one pass, which is waited for and computed until the generations of all have been cancelled.
std::vector<Status> evaluate_for_any(std::span<Session::State* const> states, std::span<const int32_t> tokens) {
  std::vector<Session::State*> going(states.begin(), states.end());
  const std::function<bool()> any_goes_on = [&going] {
    std::erase_if(going, [](const Session::State* state) { return !goes_on(state->stream->keep_going()); });
    return !going.empty();
  };
  const CancelScope scope(any_goes_on);
  return Session::State::evaluate_together(states, tokens);
}

// Of sessions that share their caches; `at` are their places in `outcomes`.
void together(std::span<Participant* const> some, std::span<const size_t> at, std::vector<Outcome>& outcomes) {
  std::vector<Session::State*> states;
  std::vector<int32_t> tokens;
  for (const Participant* p : some) {
    states.push_back(p->state);
    tokens.push_back(p->state->stream->evaluated_next());
  }
  const std::vector<Status> evaluated = evaluate_for_any(states, tokens);
  for (size_t i = 0; i < some.size(); ++i) outcomes[at[i]] = states[i]->stream->next_after(evaluated[i]);
}

}  // namespace

Result<std::vector<Outcome>> next_of_each(std::span<Session* const> sessions) try {
  if (std::ranges::find(sessions, nullptr) != sessions.end())
    return error(StatusCode::invalid_argument, "there is no session at one of the ", sessions.size(), " places");
  // The same session twice is refused by its second call.
  std::vector<std::unique_ptr<Participant>> all;
  for (Session* session : sessions) all.push_back(std::make_unique<Participant>(session->state_.get()));
  std::vector<Outcome> outcomes(sessions.size(), std::optional<GeneratedToken>());
  std::map<const SharedForward*, std::pair<std::vector<Participant*>, std::vector<size_t>>> groups;
  for (size_t i = 0; i < all.size(); ++i) {
    Participant& p = *all[i];
    if (!joins(p)) {
      outcomes[i] = alone(p);
      continue;
    }
    auto& [members, places] = groups[p.state->shared.get()];
    members.push_back(&p);
    places.push_back(i);
  }
  for (auto& [shared, group] : groups) {
    auto& [members, places] = group;
    if (members.size() == 1)
      outcomes[places.front()] = alone(*members.front());
    else
      together(members, places, outcomes);
  }
  return outcomes;
} catch (...) {
  return caught();
}

}  // namespace tritium
