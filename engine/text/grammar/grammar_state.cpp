// Failures become Statuses here.
#include "text/grammar/grammar_state.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "base/caught.h"
#include "base/format_text.h"
#include "text/grammar/failure.h"
#include "text/grammar/follower.h"

namespace tritium::grammar {

class GrammarState::Shared {
 public:
  Shared(std::shared_ptr<Follower> follower, std::vector<int32_t> waking_tokens)
      : follower(std::move(follower)), waking_tokens(std::move(waking_tokens)) {}

  static FollowerState state_of(const Place& p) {
    return {.awake = p.awake, .search = p.search, .machine = {p.configuration, p.stack}};
  }
  static Place place_of(const FollowerState& s) {
    return {.awake = s.awake, .search = s.search, .configuration = s.machine.configuration, .stack = s.machine.stack};
  }
  // What `action(follower)` says, alone, and as a Status where it throws.
  template <typename Action>
  Status alone(Action&& action) {
    try {
      const std::lock_guard lock(mutex);
      action(*follower);
      return Status();
    } catch (const Failure& failure) {
      return error(StatusCode::unsupported, "grammar: ", failure.what);
    } catch (...) {
      return caught();
    }
  }
  bool wakes(const Place& p, int32_t token) const {
    return !p.awake && std::ranges::find(waking_tokens, token) != waking_tokens.end();
  }

  std::mutex mutex;
  const std::shared_ptr<Follower> follower;
  const std::vector<int32_t> waking_tokens;
};

GrammarState::GrammarState(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}

Result<GrammarState> GrammarState::make(const Grammar& grammar, std::shared_ptr<const TokenTrie> tokens,
                                        const Triggers& triggers) {
  try {
    auto waking = std::make_shared<Follower::Waking>();
    waking->search = TriggerSearch(triggers.words);
    for (const std::string& word : triggers.words) waking->prefixes.push_back(triggers.word_is_part ? word : "");
    auto follower = std::make_shared<Follower>(grammar.network(), std::move(tokens), std::move(waking));
    const FollowerState start = triggers.empty() ? follower->awake() : follower->asleep();
    GrammarState state(std::make_shared<Shared>(std::move(follower), triggers.tokens));
    state.place_ = Shared::place_of(start);
    return state;
  } catch (const Failure& failure) {
    return error(failure.code, "grammar: ", failure.what);
  } catch (...) {
    return caught();
  }
}

Result<bool> GrammarState::accepts(int32_t token) const {
  if (ended_) return false;
  bool fits = false;
  Status status = shared_->alone([&](Follower& f) { fits = f.accepts(Shared::state_of(place_), token); });
  if (!status.ok()) return status;
  return fits;
}

Status GrammarState::mask(TokenMask& out) const {
  return shared_->alone([&](Follower& f) {
    if (ended_) {
      out = TokenMask(f.tokens().vocab_size());
    } else {
      f.mask(Shared::state_of(place_), out);
    }
  });
}

Status GrammarState::advance(int32_t token) {
  bool fits = false;
  bool full = false;
  Place after = place_;
  Status status = shared_->alone([&](Follower& f) {
    fits = !ended_ && f.accepts(Shared::state_of(place_), token);
    if (!fits) return;
    FollowerState state = Shared::state_of(place_);
    if (shared_->wakes(place_, token)) {
      state = f.awake();
    } else if (f.tokens().is_text(token)) {
      f.read(state, f.tokens().bytes_of(token));
    } else if (!place_.awake) {
      state.search = 0;  // a control token stands between what is before it and what follows
    }
    after = Shared::place_of(state);
    full = f.is_full();
  });
  if (!status.ok()) return status;
  if (!fits) return error(StatusCode::invalid_argument, "grammar: token ", token, " does not fit here");
  place_ = after;
  ended_ = shared_->follower->tokens().ends_generation(token);
  return full ? make_room() : Status();
}

// What was computed is given up, by this object; copies keep theirs.
Status GrammarState::make_room() {
  std::shared_ptr<Shared> fresh;
  Place place;
  Status status = shared_->alone([&](Follower& f) {
    fresh = std::make_shared<Shared>(f.fresh(), shared_->waking_tokens);
    place = Shared::place_of(fresh->follower->copy_from(f, Shared::state_of(place_)));
  });
  if (!status.ok()) return status;
  shared_ = std::move(fresh);
  place_ = place;
  return Status();
}

bool GrammarState::may_end() const {
  bool ends = false;
  Status status = shared_->alone([&](Follower& f) { ends = f.may_end(Shared::state_of(place_)); });
  return status.ok() && ends;
}

bool GrammarState::sleeps() const { return !place_.awake; }

}  // namespace tritium::grammar
