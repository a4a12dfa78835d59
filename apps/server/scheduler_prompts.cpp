// The scheduler's prompts: evaluated in parts, and their tokens scored where that is asked for.
#include <algorithm>

#include "server/scheduler.h"

namespace tritium::server {

// The oldest first. Beside others that decode so many tokens as a pass may be late by; alone as many as the session
// takes at once.
void Scheduler::evaluate_prompts() {
  std::vector<Slot*> waiting = slots(false);
  std::ranges::sort(waiting, {}, [](const Slot* slot) { return slot->work->submitted; });
  const bool alone = slots(true).empty();
  auto most = static_cast<size_t>(alone ? 8 * options_.batch : options_.batch);
  for (Slot* slot : waiting) {
    if (most == 0) return;
    const size_t before = slot->tokens.size();
    evaluate_part(*slot, most);
    most -= std::min(most, slot->tokens.size() - std::min(before, slot->tokens.size()));
  }
}

void Scheduler::evaluate_part(Slot& slot, size_t most) {
  Work& work = *slot.work;
  const size_t done = slot.tokens.size(), left = work.prompt.size() - 1 - done;
  const bool scored = work.prompt_log_probabilities >= 0;
  // A vocabulary of logits for each token: fewer, since to look at them takes as long as to evaluate the token.
  if (scored) most = std::min((most + 3) / 4, static_cast<size_t>(options_.batch));
  const auto part = std::span<const int32_t>(work.prompt).subspan(done, std::min(left, most));
  if (!part.empty()) {
    const Status evaluated = scored ? evaluate_scored(slot, part) : evaluate(slot, part);
    if (!evaluated.ok()) return end(slot, evaluated);
    slot.tokens.insert(slot.tokens.end(), part.begin(), part.end());
    const std::lock_guard lock(mutex_);
    figures_.prompt_tokens += part.size();
  }
  if (slot.tokens.size() + 1 < work.prompt.size()) return;
  if (work.has_siblings && work.first && work.cache) save(slot);
  *work.prompt_ready = true;
  if (scored) {
    if (work.scored.empty()) work.scored.push_back({.id = work.prompt.front(), .known = false});
    work.out->push({.kind = TokenEvent::Kind::prompt, .choice = work.choice, .prompt = std::move(work.scored)});
  }
  if (work.generate.max_tokens == 0) return end(slot, Status());
  work.generate.keep_going = [out = work.out, this] { return !out->cancelled() && !ending_; };
  const Status begun = slot.session.begin(std::span<const int32_t>(work.prompt).last(1), work.generate);
  if (!begun.ok()) return end(slot, begun);
  slot.decoding = true;
}

Status Scheduler::evaluate(Slot& slot, std::span<const int32_t> part) {
  const TokenQueue& out = *slot.work->out;
  return slot.session.evaluate(part, [&] { return !out.cancelled() && !ending_; }).status();
}

// The logits after a token are about the next one.
Status Scheduler::evaluate_scored(Slot& slot, std::span<const int32_t> part) {
  Work& work = *slot.work;
  const Result<std::vector<float>> logits =
      slot.session.evaluate_all(part, [&] { return !work.out->cancelled() && !ending_; });
  if (!logits.ok()) return logits.status();
  const size_t vocabulary = logits->size() / part.size();
  if (work.scored.empty()) work.scored.push_back({.id = work.prompt.front(), .known = false});
  for (size_t i = 0; i < part.size(); ++i) {
    const int32_t next = work.prompt[slot.tokens.size() + i + 1];
    Result<LogProbabilities> log =
        log_probabilities(std::span(*logits).subspan(i * vocabulary, vocabulary), next, work.prompt_log_probabilities);
    if (!log.ok()) return log.status();
    work.scored.push_back({.id = next, .log = *std::move(log)});
  }
  return Status();
}

}  // namespace tritium::server
