// A guess is evaluated with the token before it; its rows stay in the caches, and become the session's as they are
// taken.
#include "api/next_tokens.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <mutex>
#include <utility>

#include "base/cancel.h"
#include "base/cancellable_lock.h"
#include "base/format_text.h"

namespace tritium {
namespace {

// Rows of the model's table that are no tokens: padding, and places that the vocabulary only keeps. Empty where there
// is no vocabulary, or nothing else.
std::vector<int32_t> never_sampled(const Model::State& model) {
  std::vector<int32_t> never;
  if (!model.tokenizer) return never;
  const auto n = static_cast<int32_t>(model.config.vocab_size);
  for (int32_t id = 0; id < n; ++id)
    if (!model.tokenizer->sampleable(id)) never.push_back(id);
  if (never.size() == static_cast<size_t>(n)) never.clear();
  return never;
}

}  // namespace

NextTokens::NextTokens(Session::State& session, Sampler& sampler, const GenerateOptions& options,
                       std::optional<grammar::GrammarState> held_to)
    : session_(session),
      sampler_(sampler),
      greedy_(options.sampler.temperature == 0.0f && !sampler.needs_all_logits() && options.log_probabilities == 0),
      n_log_probabilities_(options.log_probabilities),
      experts_(options.experts ? static_cast<size_t>(session.model->config.n_choices()) : 0),
      held_to_(std::move(held_to)),
      never_(never_sampled(*session.model)),
      guesses_(session.shares()
                   ? 0
                   : std::min({options.guess, session.forward.options.batch - 1, session.forward.logit_rows - 1})) {
  const Config& config = session.model->config;
  const Backend& backend = *session.model->runtime->backend;
  // A pass under way would overwrite the experts of the one before it.
  chains_ = greedy_ && experts_.empty() && options.guess == 0 && !session.shares() &&
            !session.model->runtime->captures && TokenChain::fits(config, backend);
  const int64_t kept = options.sampler.top_k;
  const bool few = options.sampler.temperature > 0 && kept > 0 && kept <= TopCandidates::kMost &&
                   kept <= config.vocab_size && !sampler.needs_all_logits() && n_log_probabilities_ == 0;
  if (few && backend.is_asynchronous()) candidates_.resize(2 * static_cast<size_t>(kept));
}

// What must not be sampled is hidden meanwhile: cheaper than a copy of all logits.
int32_t NextTokens::draw(std::span<float> logits) {
  constexpr float kHidden = -std::numeric_limits<float>::infinity();
  hidden_.clear();
  for (const int32_t id : never_) hidden_.push_back(std::exchange(logits[static_cast<size_t>(id)], kHidden));
  const int32_t token = sampler_.sample(logits);
  for (size_t i = 0; i < never_.size(); ++i) logits[static_cast<size_t>(never_[i])] = hidden_[i];
  return token;
}

// Most draws are what the grammar allows: only then all that it allows is looked for.
Result<int32_t> NextTokens::sample() {
  const int32_t token = draw(session_.logits);
  if (held_to_) {
    const Result<bool> accepted = held_to_->accepts(token);
    if (!accepted.ok()) return accepted.status();
    if (!*accepted) return sample_allowed();
  }
  return with_log_probabilities(token);
}

// By all logits, which are on the host.
Result<int32_t> NextTokens::sample_allowed() {
  if (Status s = held_to_->mask(allowed_); !s.ok()) return s;
  std::vector<float> logits = session_.logits;
  size_t n_allowed = 0;
  for (size_t id = 0; id < logits.size(); ++id) {
    const bool allowed = allowed_.test(static_cast<int32_t>(id));
    n_allowed += allowed ? 1 : 0;
    if (!allowed) logits[id] = -std::numeric_limits<float>::infinity();
  }
  if (n_allowed == 0)
    return error(StatusCode::unsupported, session_.model->info.path,
                 ": the vocabulary has no token for what must follow by the grammar");
  const int32_t token = draw(logits);
  return with_log_probabilities(token);
}

Result<int32_t> NextTokens::with_log_probabilities(int32_t token) {
  if (n_log_probabilities_ == 0) return token;
  Result<LogProbabilities> all = tritium::log_probabilities(session_.logits, token, n_log_probabilities_);
  if (!all.ok()) return all.status();
  log_probabilities_ = *std::move(all);
  return token;
}

// The text has this token: the sampler's and the grammar's.
Status NextTokens::go_on(int32_t token) {
  if (Status s = sampler_.accept(token); !s.ok()) return s;
  return held_to_ ? held_to_->advance(token) : Status();
}

Result<int32_t> NextTokens::first(std::span<const int32_t> prompt) {
  // Those that are no tokens are refused when they are evaluated.
  for (const std::span<const int32_t> tokens : {std::span<const int32_t>(session_.tokens), prompt})
    for (const int32_t token : tokens)
      if (Status s = sampler_.accept(std::max(token, 0)); !s.ok()) return s;
  if (!prompt.empty()) return evaluate(prompt);
  // What the last token's experts were is not kept.
  if (Status s = experts_.empty() ? session_.need_logits() : session_.evaluate_last_again(experts_); !s.ok()) return s;
  return sample();
}

// A sampler at temperature 0 takes the most probable token, which the device finds without its logits being read unless
// it must not be taken.
Result<int32_t> NextTokens::evaluate(std::span<const int32_t> tokens) {
  if (!greedy_) {
    if (Status s = session_.evaluate(tokens, Logits::last, session_.logits, experts_); !s.ok()) return s;
    return sample();
  }
  int32_t best = 0;
  if (Status s = session_.evaluate_greedy(tokens, {&best, 1}, experts_); !s.ok()) return s;
  return settled(best);
}

Result<bool> NextTokens::may_be(int32_t token) const {
  if (std::ranges::binary_search(never_, token)) return false;
  return held_to_ ? held_to_->accepts(token) : Result<bool>(true);
}

// The best token, unless it must not be taken.
Result<int32_t> NextTokens::settled(int32_t best) {
  const Result<bool> taken = may_be(best);
  if (!taken.ok()) return taken.status();
  if (*taken) return best;
  chain_.drop();
  if (Status s = session_.need_logits(); !s.ok()) return s;
  return sample();
}

Result<int32_t> NextTokens::evaluate_one(int32_t token, int64_t wanted) {
  if (!candidates_.empty()) return evaluate_candidates(token);
  if (!chains_) return evaluate({&token, 1});
  const Result<int32_t> best = session_.evaluate_chained(chain_, token, wanted);
  return best.ok() ? settled(*best) : best;
}

// All logits are read where one of the candidates must not be taken.
Result<int32_t> NextTokens::evaluate_candidates(int32_t token) {
  if (Status s = session_.evaluate_candidates(token, candidates_, experts_); !s.ok()) return s;
  const auto [ids, bits] = std::pair{std::span(candidates_).first(candidates_.size() / 2),
                                     std::span(candidates_).last(candidates_.size() / 2)};
  if (std::ranges::any_of(ids, [&](int32_t id) { return std::ranges::binary_search(never_, id); })) {
    if (Status s = session_.need_logits(); !s.ok()) return s;
    return sample();
  }
  candidate_logits_.resize(bits.size());
  std::ranges::transform(bits, candidate_logits_.begin(), [](int32_t b) { return std::bit_cast<float>(b); });
  const auto vocab_size = static_cast<size_t>(session_.model->config.vocab_size);
  const int32_t drawn = sampler_.sample_top(candidate_logits_, ids, vocab_size);
  const Result<bool> taken = may_be(drawn);
  if (!taken.ok()) return taken.status();
  if (*taken) return drawn;
  if (Status s = session_.need_logits(); !s.ok()) return s;
  return sample_allowed();
}

Status NextTokens::slide(int64_t sinks) {
  close_guess();
  chain_.drop();
  return session_.slide(sinks);
}

Result<int32_t> NextTokens::after(int32_t token, int64_t wanted) {
  if (Status s = go_on(token); !s.ok()) return s;
  if (right_ < guess_.size() && guess_[right_] == token) {
    session_.tokens.push_back(token);
    ++accepted_;
    return take(++right_);
  }
  close_guess();
  // The pass gives a token more than were guessed; the last one needs no place in the caches.
  const int64_t room = std::min(wanted - 1, session_.forward.options.capacity - session_.position() - 1);
  session_.tokens.push_back(token);
  guess_ = guesses_.make(session_.tokens, room);
  session_.tokens.pop_back();
  if (guess_.empty()) return evaluate_one(token, wanted);
  return evaluate_guess(token);
}

Result<int32_t> NextTokens::after_evaluated(int32_t token) {
  if (Status s = go_on(token); !s.ok()) return s;
  return sample();
}

void NextTokens::close_guess() {
  if (!guess_.empty()) guesses_.learn(std::ssize(guess_), static_cast<int64_t>(right_));
  guess_.clear();
  right_ = 0;
}

Result<int32_t> NextTokens::evaluate_guess(int32_t token) {
  std::vector<int32_t> tokens = {token};
  tokens.insert(tokens.end(), guess_.begin(), guess_.end());
  const size_t before = session_.tokens.size();
  have_logits_ = !greedy_;
  best_.resize(tokens.size());
  guess_experts_.resize(tokens.size() * experts_.size());
  if (have_logits_) logits_.resize(tokens.size() * session_.logits.size());
  const Status status = greedy_ ? session_.evaluate_greedy(tokens, best_, guess_experts_)
                                : session_.evaluate(tokens, Logits::all, logits_, guess_experts_);
  if (!status.ok()) {
    guess_.clear();
    // What follows a wrong guess is no concern of the generation's.
    if (status.code() == StatusCode::cancelled) return status;
    return evaluate({&token, 1});
  }
  guessed_ += std::ssize(guess_);
  session_.tokens.resize(before + 1);
  return take(0);
}

Result<int32_t> NextTokens::take(size_t row) {
  session_.logits_are = Session::State::Place::nowhere;
  std::ranges::copy(std::span(guess_experts_).subspan(row * experts_.size(), experts_.size()), experts_.begin());
  if (greedy_) {
    const Result<bool> taken = may_be(best_[row]);
    if (!taken.ok()) return taken.status();
    if (*taken) return best_[row];
  }
  if (Status s = read_logits(); !s.ok()) return s;
  const size_t vocab = session_.logits.size();
  std::ranges::copy(std::span(logits_).subspan(row * vocab, vocab), session_.logits.begin());
  session_.logits_are = Session::State::Place::host;
  return sample();
}

// Those of the guess's pass, which was the session's last one.
Status NextTokens::read_logits() {
  if (have_logits_) return Status();
  Backend& backend = *session_.model->runtime->backend;
  const std::unique_lock lock = lock_unless_cancelled(backend.mutex());
  if (!lock) return cancelled_status();
  logits_.resize(best_.size() * session_.logits.size());
  Status status = download_logits(session_.model->config, session_.forward, backend, logits_);
  have_logits_ = status.ok();
  return status;
}

}  // namespace tritium
