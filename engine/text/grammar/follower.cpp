#include "text/grammar/follower.h"

#include <algorithm>
#include <utility>

#include "base/cancel.h"
#include "text/grammar/failure.h"

namespace tritium::grammar {
namespace {

// A mask has a bit a token: 19 KB for 152 thousand.
constexpr size_t kPartialMasks = 256;
constexpr size_t kMasks = 64;
constexpr size_t kRoom = size_t{128} << 20;  // bytes of a machine, after which it is begun anew

}  // namespace

Follower::Follower(std::shared_ptr<const Network> network, std::shared_ptr<const TokenTrie> tokens,
                   std::shared_ptr<const Waking> waking)
    : network_(std::move(network)), tokens_(std::move(tokens)), waking_(std::move(waking)), machine_(network_) {
  for (const std::string& prefix : waking_->prefixes) {
    Machine::State state = machine_.start();
    for (const char c : prefix)
      if (!machine_.step(state, static_cast<uint8_t>(c)))
        throw Failure("none of its texts begins with the trigger \"" + prefix + "\"");
    woken_.push_back(state);
  }
}

bool Follower::is_full() const { return machine_.memory() > kRoom; }

FollowerState Follower::copy_from(const Follower& other, FollowerState state) {
  if (state.awake) state.machine = machine_.copy_from(other.machine_, state.machine);
  return state;
}

bool Follower::step(FollowerState& state, uint8_t byte) {
  if (state.awake) return machine_.step(state.machine, byte);
  state.search = waking_->search.next(state.search, byte);
  if (const uint32_t word = waking_->search.word(state.search); word != TriggerSearch::kNone)
    state = {.awake = true, .machine = woken_[word]};
  return true;
}

bool Follower::read(FollowerState& state, std::string_view bytes) {
  return std::ranges::all_of(bytes, [&](char c) { return step(state, static_cast<uint8_t>(c)); });
}

bool Follower::accepts(const FollowerState& state, int32_t token) {
  if (tokens_->is_text(token)) {
    FollowerState after = state;
    return read(after, tokens_->bytes_of(token));
  }
  return tokens_->sampleable().test(token) && (!state.awake || (tokens_->ends_generation(token) && may_end(state)));
}

void Follower::mask(const FollowerState& state, TokenMask& out) {
  if (state.awake) {
    mask_awake(state.machine, out);
  } else {
    mask_asleep(state, out);
  }
}

const Follower::Partial& Follower::partial(uint32_t of) {
  const uint32_t configuration = machine_.alike(of);
  if (const auto known = partial_.find(configuration); known != partial_.end()) return known->second;
  struct State {
    Machine::State machine;
    bool left = false;  // some way ended, and went on below
    uint32_t read = 0;  // bytes
  };
  Partial made{.fits = TokenMask(tokens_->vocab_size())};
  walk(
      *tokens_, 0, tokens_->n_nodes(), 0, State{.machine = {configuration, Machine::kUnknown}},
      [&](State& state, uint8_t byte) {
        if (state.read == Network::kAlike || !machine_.step(state.machine, byte)) return false;
        state.left = state.left || machine_.ends(state.machine);
        ++state.read;
        return true;
      },
      [&](size_t node, const State&) {
        check_cancelled_every<4096>(node);
        for (const int32_t token : tokens_->tokens_at(node)) made.fits.set(token);
      },
      [&](size_t node, const State& before) {
        if (before.left || before.read == Network::kAlike) made.open.push_back(static_cast<uint32_t>(node));
      });
  if (partial_.size() >= kPartialMasks) partial_.clear();
  return partial_.emplace(configuration, std::move(made)).first->second;
}

void Follower::mask_awake(Machine::State state, TokenMask& out) {
  const uint64_t key = uint64_t{state.configuration} << 32 | state.stack;
  if (const auto known = masks_.find(key); known != masks_.end()) {
    out = known->second;
    return;
  }
  const Partial& part = partial(state.configuration);
  out = part.fits;
  for (const uint32_t node : part.open) {
    Machine::State before = state;
    std::string_view path = tokens_->path(node);
    path.remove_suffix(1);
    for (const char c : path) machine_.step(before, static_cast<uint8_t>(c));  // it fits: it did upon any stack
    walk(
        *tokens_, node, tokens_->node(node).end, path.size(), before,
        [&](Machine::State& s, uint8_t byte) { return machine_.step(s, byte); },
        [&](size_t below, const Machine::State&) {
          for (const int32_t token : tokens_->tokens_at(below)) out.set(token);
        },
        [](size_t, const Machine::State&) {});
  }
  if (machine_.ends(state))
    for (const int32_t token : tokens_->ends()) out.set(token);
  if (masks_.size() >= kMasks) masks_.clear();
  masks_.emplace(key, out);
}

void Follower::mask_asleep(FollowerState state, TokenMask& out) {
  if (const auto known = asleep_.find(state.search); known != asleep_.end()) {
    out = known->second;
    return;
  }
  out = tokens_->sampleable();
  walk(
      *tokens_, 0, tokens_->n_nodes(), 0, state, [&](FollowerState& s, uint8_t byte) { return step(s, byte); },
      [](size_t node, const FollowerState&) { check_cancelled_every<4096>(node); },
      [&](size_t node, const FollowerState&) {
        for (const int32_t token : tokens_->tokens_below(node)) out.reset(token);
      });
  if (asleep_.size() >= kMasks) asleep_.clear();
  asleep_.emplace(state.search, out);
}

}  // namespace tritium::grammar
