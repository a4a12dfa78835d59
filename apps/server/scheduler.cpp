#include "server/scheduler.h"

#include <algorithm>
#include <utility>

namespace tritium::server {
namespace {

// Fewer tokens than this are evaluated again as fast as they are copied.
constexpr size_t kWorthSaving = 32;
constexpr size_t kSecondsOfRate = 10;

}  // namespace

Result<std::unique_ptr<Scheduler>> Scheduler::start(Model model, SchedulerOptions options) {
  std::unique_ptr<Scheduler> made(new Scheduler(std::move(model), std::move(options)));
  const Result<Group*> first = made->group_of("");
  if (!first.ok()) return first.status();
  made->context_ = (*first)->front().session.context();
  made->thread_ = std::thread([scheduler = made.get()] { scheduler->run(); });
  return made;
}

Scheduler::~Scheduler() {
  end_all();
  if (thread_.joinable()) thread_.join();
}

void Scheduler::add_adapter(const std::string& name, Adapter adapter) {
  const std::lock_guard lock(mutex_);
  adapters_.insert_or_assign(name, std::move(adapter));
}

void Scheduler::remove_adapter(const std::string& name) {
  const std::lock_guard lock(mutex_);
  adapters_.erase(name);
  removed_adapters_.push_back(name);
}

Submitted Scheduler::submit(const Submission& submission, const std::shared_ptr<TokenQueue>& out) {
  {
    const std::lock_guard lock(mutex_);
    if (!taking_) return Submitted::stopping;
    const size_t wanted = submission.prompts.size() * static_cast<size_t>(submission.n);
    if (queue_.size() + wanted > options_.queue + static_cast<size_t>(options_.sessions)) return Submitted::queue_full;
    for (size_t p = 0; p < submission.prompts.size(); ++p) enqueue(submission, p, out);
    used_ = Clock::now();
  }
  changed_.notify_all();
  return Submitted::taken;
}

// The choices of a prompt.
void Scheduler::enqueue(const Submission& submission, size_t prompt, const std::shared_ptr<TokenQueue>& out) {
  const auto prompt_ready = std::make_shared<bool>(false);
  const auto n = static_cast<size_t>(submission.n);
  for (size_t i = 0; i < n; ++i) {
    auto work = std::make_unique<Work>();
    work->prompt = submission.prompts[prompt];
    work->generate = submission.generate;
    work->generate.max_tokens = std::min(work->generate.max_tokens, context_ - std::ssize(work->prompt));
    if (work->generate.sampler.seed != kRandomSeed) work->generate.sampler.seed += i;
    work->adapter = submission.adapter;
    work->cache = submission.cache;
    if (i == 0) work->prompt_log_probabilities = submission.prompt_log_probabilities;
    work->prompt_ready = prompt_ready;
    work->choice = prompt * n + i;
    work->first = i == 0;
    work->has_siblings = n > 1;
    work->out = out;
    queue_.push_back(std::move(work));
  }
}

void Scheduler::touch() {
  const std::lock_guard lock(mutex_);
  used_ = Clock::now();
}

void Scheduler::stop_taking() {
  const std::lock_guard lock(mutex_);
  taking_ = false;
}

void Scheduler::end_all() {
  {
    const std::lock_guard lock(mutex_);
    taking_ = false;
    ending_ = true;
  }
  changed_.notify_all();
}

bool Scheduler::idle() const {
  const std::lock_guard lock(mutex_);
  return figures_.active == 0 && queue_.empty();
}

SchedulerFigures Scheduler::figures() const {
  const std::lock_guard lock(mutex_);
  SchedulerFigures figures = figures_;
  figures.queued = std::ssize(queue_);
  uint64_t tokens = 0;
  double seconds = 0;
  for (const Second& one : decoded_) tokens += one.tokens, seconds += one.seconds;
  if (seconds > 0) figures.tokens_per_second = static_cast<double>(tokens) / seconds;
  return figures;
}

void Scheduler::run() {
  while (!ending_) {
    if (step()) continue;
    std::unique_lock lock(mutex_);
    const auto wanted = [this] { return ending_.load() || !queue_.empty(); };
    const bool parks = options_.park_after.count() > 0 && !model_.is_parked();
    if (!parks) {
      changed_.wait(lock, wanted);
    } else if (!changed_.wait_until(lock, used_ + options_.park_after, wanted)) {
      if (Clock::now() < used_ + options_.park_after) continue;  // it was touched meanwhile
      lock.unlock();
      park();
    }
  }
  for (Slot* slot : slots(false)) end(*slot, Status(StatusCode::cancelled, "the server is stopping"));
  for (Slot* slot : slots(true)) end(*slot, Status(StatusCode::cancelled, "the server is stopping"));
  const std::lock_guard lock(mutex_);
  for (std::unique_ptr<Work>& work : queue_)
    work->out->push({.kind = TokenEvent::Kind::failed,
                     .choice = work->choice,
                     .status = Status(StatusCode::cancelled, "the server is stopping")});
  queue_.clear();
}

// False: there is nothing to do.
bool Scheduler::step() {
  admit();
  take_back_cancelled();
  evaluate_prompts();
  decode();
  const std::lock_guard lock(mutex_);
  return figures_.active > 0;
}

// Sessions' caches are memory, too: what they hold is kept as far as saved prompts may be, and they are made again.
void Scheduler::park() {
  for (auto& [name, group] : groups_)
    for (Slot& slot : group) save(slot);
  groups_.clear();
  const Status parked = model_.park();
  const std::lock_guard lock(mutex_);
  figures_.cached_prompt_bytes = cache_.bytes();
  if (parked.ok()) {
    ++figures_.parked;
    return;
  }
  used_ = Clock::now();  // the next try is as far away
  if (options_.log) options_.log(LogLevel::warning, "an idle model is not parked: " + parked.message());
}

// Each adapter's sessions take as much memory as the model's own: few are kept, those that were used last.
void Scheduler::drop_idle_adapters() {
  constexpr size_t kKept = 1;
  const auto last_used = [](const Group& group) { return std::ranges::max_element(group, {}, &Slot::used)->used; };
  for (size_t with_adapter = groups_.size() - groups_.count(""); with_adapter > kKept; --with_adapter) {
    auto oldest = groups_.end();
    for (auto at = groups_.begin(); at != groups_.end(); ++at) {
      const bool busy = std::ranges::any_of(at->second, [](const Slot& slot) { return slot.work != nullptr; });
      if (at->first.empty() || busy) continue;
      if (oldest == groups_.end() || last_used(at->second) < last_used(oldest->second)) oldest = at;
    }
    if (oldest == groups_.end()) return;
    for (Slot& slot : oldest->second) save(slot);
    groups_.erase(oldest);
  }
}

Result<Scheduler::Group*> Scheduler::group_of(const std::string& adapter) {
  if (const auto found = groups_.find(adapter); found != groups_.end()) return &found->second;
  if (!adapter.empty()) drop_idle_adapters();
  Result<std::vector<Session>> sessions = model_.create_sessions(options_.sessions, options_.session);
  if (!sessions.ok()) return sessions.status();
  if (!adapter.empty()) {
    const std::lock_guard lock(mutex_);
    const auto found = adapters_.find(adapter);
    if (found == adapters_.end())
      return Status(StatusCode::not_found, "the adapter " + adapter + " is not there any more");
    if (const Status attached = sessions->front().attach(found->second); !attached.ok()) return attached;
  }
  Group group;
  for (Session& session : *sessions)
    group.push_back({.session = std::move(session), .adapter = adapter, .tokens = {}, .work = nullptr});
  return &(groups_[adapter] = std::move(group));
}

bool Scheduler::may_begin(const Work& work) const {
  if (work.out->cancelled()) return true;
  if (!work.first && !*work.prompt_ready) return false;
  const auto found = groups_.find(work.adapter);
  return found == groups_.end() || std::ranges::any_of(found->second, [](const Slot& slot) { return !slot.work; });
}

void Scheduler::admit() {
  while (true) {
    std::unique_ptr<Work> work;
    {
      const std::lock_guard lock(mutex_);
      for (const std::string& name : std::exchange(removed_adapters_, {})) {
        const auto group = groups_.find(name);
        const bool busy = group != groups_.end() &&
                          std::ranges::any_of(group->second, [](const Slot& slot) { return slot.work != nullptr; });
        if (busy)
          removed_adapters_.push_back(name);
        else
          groups_.erase(name);
      }
      // The first that finds room: one that waits for an adapter's sessions does not hold up the others.
      const auto next = std::ranges::find_if(queue_, [this](const auto& one) { return may_begin(*one); });
      if (next == queue_.end()) return;
      work = std::move(*next);
      queue_.erase(next);
      if (work->out->cancelled()) {
        *work->prompt_ready = true;
        ++figures_.cancelled;
        continue;
      }
    }
    const Status status = begin(std::move(work));
    if (!status.ok() && options_.log) options_.log(LogLevel::error, status.message());
  }
}

Scheduler::Slot& Scheduler::choose_slot(Group& group, const Work& work, size_t& common) {
  Slot* best = nullptr;
  for (Slot& slot : group) {
    if (slot.work) continue;
    const size_t n = work.may_reuse() ? common_prefix(slot.tokens, work.prompt) : 0;
    if (!best || n > common || (n == common && slot.used < best->used)) best = &slot, common = n;
  }
  return *best;
}

Status Scheduler::begin(std::unique_ptr<Work> work) {
  Result<Group*> group = group_of(work->adapter);
  if (!group.ok()) {
    refuse(*work, group.status());
    return group.status();
  }
  size_t common = 0;
  Slot& slot = choose_slot(**group, *work, common);
  const PromptCache::Saved* saved =
      work->may_reuse() ? cache_.find(work->adapter, work->prompt, common + kWorthSaving - 1) : nullptr;
  if (slot.tokens.size() >= common + kWorthSaving) save(slot);
  if (saved) saved = cache_.find(work->adapter, work->prompt, common + kWorthSaving - 1);  // saving may have moved it
  if (saved) {
    slot.tokens.clear();  // where the device refuses, nothing is left
    if (slot.session.restore(saved->bytes).ok()) slot.tokens = saved->tokens;
    common = common_prefix(slot.tokens, work->prompt);
  }
  // The last token of a prompt is evaluated in any case: its logits are what the answer begins with.
  common = std::min(common, work->prompt.size() - 1);
  Status status = slot.session.rewind(static_cast<int64_t>(common));
  if (!status.ok()) {
    slot.tokens.clear();
    common = 0;
    status = slot.session.rewind(0);
  }
  if (!status.ok()) {
    refuse(*work, status);
    return status;
  }
  slot.tokens.resize(common);
  work->cached = static_cast<int64_t>(common);
  slot.work = std::move(work);
  slot.decoding = false;
  const std::lock_guard lock(mutex_);
  ++figures_.active;
  figures_.cached_tokens += common;
  figures_.cached_prompt_bytes = cache_.bytes();
  return Status();
}

void Scheduler::save(Slot& slot) {
  if (slot.tokens.size() < kWorthSaving || !cache_.has_room_for(slot.session.saved_bytes())) return;
  if (!slot.session.rewind(static_cast<int64_t>(slot.tokens.size())).ok()) return;
  Result<std::vector<std::byte>> bytes = slot.session.save();
  if (bytes.ok()) cache_.add({.adapter = slot.adapter, .tokens = slot.tokens, .bytes = *std::move(bytes)});
}

std::vector<Scheduler::Slot*> Scheduler::slots(bool decoding) {
  std::vector<Slot*> found;
  for (auto& [name, group] : groups_)
    for (Slot& slot : group)
      if (slot.work && slot.decoding == decoding) found.push_back(&slot);
  return found;
}

void Scheduler::take_back_cancelled() {
  for (const bool decoding : {false, true})
    for (Slot* slot : slots(decoding))
      if (slot->work->out->cancelled()) end(*slot, Status(StatusCode::cancelled, "the client is gone"));
}

void Scheduler::decode() {
  const std::vector<Slot*> active = slots(true);
  if (active.empty()) return;
  std::vector<Session*> sessions;
  sessions.reserve(active.size());
  for (Slot* slot : active) sessions.push_back(&slot->session);
  const Clock::time_point start = Clock::now();
  const Result<std::vector<Result<std::optional<GeneratedToken>>>> next = next_of_each(sessions);
  const Clock::duration time = Clock::now() - start;
  if (!next.ok()) {
    for (Slot* slot : active) end(*slot, next.status());
    return;
  }
  size_t tokens = 0;
  for (size_t i = 0; i < active.size(); ++i) {
    const Result<std::optional<GeneratedToken>>& one = (*next)[i];
    tokens += one.ok() && one->has_value();
    take(*active[i], one);
  }
  count_decoded(tokens, time);
}

void Scheduler::count_decoded(size_t tokens, Clock::duration time) {
  const std::chrono::duration<double> seconds = time;
  const int64_t now = std::chrono::duration_cast<std::chrono::seconds>(Clock::now().time_since_epoch()).count();
  const std::lock_guard lock(mutex_);
  figures_.generated_tokens += tokens;
  used_ = Clock::now();
  if (decoded_.empty() || decoded_.back().at != now) decoded_.push_back({.at = now});
  decoded_.back().tokens += tokens;
  decoded_.back().seconds += seconds.count();
  if (decoded_.size() > kSecondsOfRate) decoded_.pop_front();
}

void Scheduler::take(Slot& slot, const Result<std::optional<GeneratedToken>>& outcome) {
  Work& work = *slot.work;
  if (!outcome.ok()) return end(slot, outcome.status());
  if (!outcome->has_value()) return end(slot, Status());
  const GeneratedToken& token = **outcome;
  if (work.generated == 0) work.first_token = Clock::now();
  if (slot.tokens.size() + 1 == work.prompt.size()) slot.tokens.push_back(work.prompt.back());
  if (token.id >= 0) {
    ++work.generated;
    slot.tokens.push_back(token.id);
  }
  work.out->push({.choice = work.choice,
                  .id = token.id,
                  .text = std::string(token.text),
                  .log_probability = token.log_probability,
                  .most_probable = {token.most_probable.begin(), token.most_probable.end()},
                  .experts = {token.experts.begin(), token.experts.end()}});
}

void Scheduler::refuse(Work& work, const Status& status) {
  *work.prompt_ready = true;
  {
    const std::lock_guard lock(mutex_);
    ++figures_.failed;
  }
  work.out->push({.kind = TokenEvent::Kind::failed, .choice = work.choice, .status = status});
}

// The session stays at what it has evaluated, for who begins with that.
void Scheduler::end(Slot& slot, const Status& status) {
  const std::unique_ptr<Work> work = std::move(slot.work);
  // A prompt of which no more was asked has ended as one whose tokens are written.
  const Result<Generation> generation = slot.decoding ? slot.session.generation() : Generation{};
  *work->prompt_ready = true;
  slot.decoding = false;
  slot.used = Clock::now();
  slot.tokens.resize(std::min(slot.tokens.size(), static_cast<size_t>(slot.session.position())));
  if (!work->cache) slot.tokens.clear();
  count_ended(*work, status.ok() ? generation.status() : status,
              generation.ok() && generation->stop == StopReason::cancelled);
  if (status.ok() && generation.ok()) {
    const std::chrono::duration<double> first = work->first_token - work->submitted,
                                        rest = Clock::now() - work->first_token;
    const auto after_first = static_cast<double>(work->generated - 1);
    work->out->push({.kind = TokenEvent::Kind::ended,
                     .choice = work->choice,
                     .stop = generation->stop,
                     .seed = generation->seed,
                     .cached_tokens = work->cached,
                     .completion_tokens = work->generated,
                     .seconds_to_first_token = work->generated > 0 ? first.count() : 0,
                     .tokens_per_second = work->generated > 1 && rest.count() > 0 ? after_first / rest.count() : 0});
  } else {
    const Status why = status.ok() ? generation.status() : status;
    work->out->push({.kind = TokenEvent::Kind::failed, .choice = work->choice, .status = why});
  }
}

// Before the client hears of it: who has its answer leaves, and has cancelled nothing.
void Scheduler::count_ended(const Work& work, const Status& status, bool cut) {
  const std::lock_guard lock(mutex_);
  --figures_.active;
  used_ = Clock::now();
  const bool cancelled = cut || work.out->cancelled() || status.code() == StatusCode::cancelled;
  ++(cancelled ? figures_.cancelled : status.ok() ? figures_.finished : figures_.failed);
}

}  // namespace tritium::server
