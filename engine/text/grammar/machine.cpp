#include "text/grammar/machine.h"

#include <algorithm>
#include <utility>

#include "base/cancel.h"
#include "base/format_text.h"
#include "text/grammar/failure.h"

namespace tritium::grammar {
namespace {

constexpr size_t kMostMemory = size_t{256} << 20;  // bytes
constexpr size_t kMostWork = size_t{1} << 22;      // positions looked at for one byte

uint64_t pair_of(uint32_t a, uint32_t b) { return uint64_t{a} << 32 | b; }

}  // namespace

// Positions with their stacks, each position once: what is added to one makes it go on again until nothing changes.
class Machine::Gathering {
 public:
  explicit Gathering(Machine& machine) : network_(*machine.network_), stacks_(machine.stacks_) {}

  // With what their rules begin with.
  void enter(const std::vector<Thread>& threads) {
    for (const Thread& t : threads) add(t.position, t.stacks);
    drain([&](uint32_t position, Stacks::Set set) {
      for (const Network::Call& call : network_.calls(position))
        add(call.start, call.target == Network::kEnd ? set : stacks_.push(set, call.target));
    });
  }
  // With what they return to where they end.
  void leave() {
    drain([&](uint32_t position, Stacks::Set set) {
      if (!network_.ends(position)) return;
      ends_ = ends_ || stacks_.has_empty(set);
      const std::vector<Stacks::Frame> frames(stacks_.frames(set).begin(), stacks_.frames(set).end());
      for (const Stacks::Frame& frame : frames) add(frame.position, frame.below);
    });
  }
  void add(uint32_t position, Stacks::Set set) {
    const auto [at, fresh] = sets_.try_emplace(position, set);
    if (!fresh) {
      const Stacks::Set all = stacks_.unite(at->second, set);
      if (all == at->second) return;
      at->second = all;
    }
    open_.push_back(position);
  }

  const std::unordered_map<uint32_t, Stacks::Set>& sets() const { return sets_; }
  Configuration take() {
    Configuration made{.ends = ends_};
    for (const auto& [position, set] : sets_)
      if (position != Network::kEnd) made.threads.push_back({position, set});
    std::ranges::sort(made.threads, {}, &Thread::position);
    return made;
  }

 private:
  template <typename Visit>
  void drain(Visit&& visit) {
    for (size_t work = 0; !open_.empty(); ++work) {
      check_cancelled_every<1024>(work);
      if (work > kMostWork) throw Failure("it is too ambiguous: a byte takes too many steps");
      const uint32_t position = open_.back();
      open_.pop_back();
      visit(position, sets_.at(position));
    }
  }

  const Network& network_;
  Stacks& stacks_;
  std::unordered_map<uint32_t, Stacks::Set> sets_;
  std::vector<uint32_t> open_;
  bool ends_ = false;
};

Machine::Machine(std::shared_ptr<const Network> network)
    : network_(std::move(network)), n_classes_(network_->n_classes()), frames_(2) {
  Gathering first(*this);
  first.add(network_->start(), Stacks::kEmpty);
  first.leave();
  start_ = intern(first.take());
}

size_t Machine::memory() const {
  return moves_.size() * sizeof(uint32_t) + configurations_.size() * 120 + n_threads_ * sizeof(Thread) +
         special_.size() * 80 + frames_.size() * 56 + stacks_.size() * 200;
}

uint32_t Machine::intern(Configuration configuration) {
  uint64_t hash = configuration.ends;
  for (const Thread& t : configuration.threads)
    hash = (hash ^ pair_of(t.position, t.stacks)) * 0x9e3779b97f4a7c15u + (hash >> 29);
  const auto [first, last] = by_hash_.equal_range(hash);
  for (auto at = first; at != last; ++at)
    if (configurations_[at->second] == configuration) return at->second;
  if (memory() > kMostMemory) throw Failure("it is too ambiguous: the ways to read this text take too much memory");
  check_cancelled_every<256>(configurations_.size());
  n_threads_ += configuration.threads.size();
  configurations_.push_back(std::move(configuration));
  moves_.resize(configurations_.size() * n_classes_, kFresh);
  const auto index = static_cast<uint32_t>(configurations_.size() - 1);
  by_hash_.emplace(hash, index);
  return index;
}

uint32_t Machine::push(uint32_t stack, uint32_t position) {
  const auto known = pushed_.find(pair_of(stack, position));
  if (known != pushed_.end()) return known->second;
  frames_.push_back({position, stack});
  const auto index = static_cast<uint32_t>(frames_.size() - 1);
  pushed_.emplace(pair_of(stack, position), index);
  return index;
}

// Frames at the bottom of all threads are the state's.
Machine::Move Machine::settle(Configuration configuration) {
  Move move;
  while (!configuration.ends) {
    const uint32_t bottom = stacks_.bottom(configuration.threads[0].stacks);
    if (bottom == Stacks::kNone || !std::ranges::all_of(configuration.threads, [&](const Thread& t) {
          return stacks_.bottom(t.stacks) == bottom;
        }))
      break;
    for (Thread& t : configuration.threads) t.stacks = stacks_.without_bottom(t.stacks);
    move.pushed.push_back(bottom);
  }
  move.configuration = intern(std::move(configuration));
  return move;
}

uint32_t Machine::compute(uint32_t configuration, uint8_t byte_class) {
  Gathering before(*this);
  before.enter(std::vector<Thread>(configurations_[configuration].threads));
  Gathering after(*this);
  for (const auto& [position, set] : before.sets())
    for (const Network::Edge& edge : network_->edges(position))
      if (edge.first <= byte_class && byte_class <= edge.last) after.add(edge.target, set);
  after.leave();
  Configuration made = after.take();
  if (made.threads.empty() && !made.ends) return kDead;
  Move move = settle(std::move(made));
  if (move.pushed.empty() && !configurations_[move.configuration].ends) return move.configuration;
  special_.push_back(std::move(move));
  return static_cast<uint32_t>(kSpecial + special_.size() - 1);
}

// What becomes of a configuration some ways of which end, where they return to that position.
uint32_t Machine::returned(uint32_t configuration, uint32_t position) {
  const auto known = returned_.find(pair_of(configuration, position));
  if (known != returned_.end()) return known->second;
  const std::vector<Thread> threads = configurations_[configuration].threads;
  Gathering all(*this);
  all.add(position, Stacks::kEmpty);
  for (const Thread& t : threads) all.add(t.position, stacks_.with_bottom(t.stacks, position));
  all.leave();
  special_.push_back(settle(all.take()));
  const auto index = static_cast<uint32_t>(special_.size() - 1);
  returned_.emplace(pair_of(configuration, position), index);
  return index;
}

void Machine::follow(State& state, const Move& move) {
  state.configuration = move.configuration;
  for (const uint32_t position : move.pushed) state.stack = push(state.stack, position);
}

bool Machine::step_slowly(State& state, uint8_t byte, uint32_t next) {
  if (next == kFresh) {
    const uint8_t byte_class = network_->class_of(byte);
    const size_t cell = state.configuration * n_classes_ + byte_class;
    next = compute(state.configuration, byte_class);
    moves_[cell] = next;
    if (next == kDead) return false;
    if (next < kSpecial) {
      state.configuration = next;
      return true;
    }
  }
  follow(state, special_[next - kSpecial]);
  while (state.stack > kUnknown && ends(state)) {
    const Frame top = frames_[state.stack];
    state.stack = top.below;
    follow(state, special_[returned(state.configuration, top.position)]);
  }
  return true;
}

uint32_t Machine::alike(uint32_t configuration) {
  if (const auto known = alike_.find(configuration); known != alike_.end()) return known->second;
  const Configuration own = configurations_[configuration];
  const auto names = [&](uint32_t position) { return network_->alike(position); };
  Gathering all(*this);
  for (const Thread& t : own.threads) all.add(names(t.position), stacks_.renamed(t.stacks, names));
  Configuration made = all.take();
  made.ends = own.ends;
  const uint32_t found = intern(std::move(made));
  alike_.emplace(configuration, found);
  return found;
}

Machine::State Machine::copy_from(const Machine& other, State state) {
  std::unordered_map<Stacks::Set, Stacks::Set> copied;
  Configuration configuration = other.configurations_[state.configuration];
  for (Thread& t : configuration.threads) t.stacks = stacks_.copy_from(other.stacks_, t.stacks, copied);
  std::vector<uint32_t> positions;
  uint32_t stack = state.stack;
  for (; stack > kUnknown; stack = other.frames_[stack].below) positions.push_back(other.frames_[stack].position);
  for (; !positions.empty(); positions.pop_back()) stack = push(stack, positions.back());
  return {intern(std::move(configuration)), stack};
}

}  // namespace tritium::grammar
