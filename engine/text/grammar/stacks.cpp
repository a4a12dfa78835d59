#include "text/grammar/stacks.h"

#include <algorithm>

#include "base/cancel.h"
#include "base/format_text.h"
#include "text/grammar/failure.h"

namespace tritium::grammar {
namespace {

constexpr uint32_t kDeepest = 2000;        // of what is not the same in all stacks: calls within each other here
constexpr size_t kMost = size_t{1} << 20;  // sets
constexpr size_t kMostFrames = kMost * 8;

uint64_t mixed(uint64_t state, uint64_t value) {  // Steele et al. 2014, SplitMix64
  uint64_t z = state + value + 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

uint64_t pair_of(uint32_t a, uint32_t b) { return uint64_t{a} << 32 | b; }

}  // namespace

Stacks::Stacks() { intern(true, {}); }

Stacks::Entry Stacks::describe(bool has_empty, const std::vector<Frame>& frames) const {
  Entry entry{.first = static_cast<uint32_t>(frames_.size()),
              .n = static_cast<uint32_t>(frames.size()),
              .has_empty = has_empty,
              .has_more = !frames.empty()};
  bool known = false;
  const auto found = [&](uint32_t bottom) {
    entry.bottom = !known || entry.bottom == bottom ? bottom : kNone;
    known = true;
  };
  for (const Frame& frame : frames) {
    const Entry& below = entries_[frame.below];
    if (below.has_empty) found(frame.position);
    if (below.has_more) found(below.bottom);
    entry.depth = std::max(entry.depth, below.depth + 1);
  }
  return entry;
}

Stacks::Set Stacks::intern(bool has_empty, const std::vector<Frame>& frames) {
  uint64_t hash = has_empty;
  for (const Frame& frame : frames) hash = mixed(hash, pair_of(frame.position, frame.below));
  const auto [first, last] = by_hash_.equal_range(hash);
  for (auto at = first; at != last; ++at)
    if (this->has_empty(at->second) == has_empty && std::ranges::equal(this->frames(at->second), frames))
      return at->second;
  check_cancelled_every<1024>(entries_.size());
  const Entry entry = describe(has_empty, frames);
  if (entry.depth > kDeepest)
    throw Failure(
        join("it is too ambiguous: rules that may or may not have ended lie ", kDeepest, " deep within each other"));
  if (entries_.size() >= kMost || frames_.size() + frames.size() > kMostFrames)
    throw Failure("it is too ambiguous: there are too many ways to read the text so far");
  entries_.push_back(entry);
  frames_.insert(frames_.end(), frames.begin(), frames.end());
  const Set set = static_cast<Set>(entries_.size() - 1);
  by_hash_.emplace(hash, set);
  return set;
}

Stacks::Set Stacks::push(Set set, uint32_t position) { return intern(false, {{position, set}}); }

Stacks::Set Stacks::unite(Set a, Set b) {
  if (a == b) return a;
  if (a > b) std::swap(a, b);
  if (const auto known = united_.find(pair_of(a, b)); known != united_.end()) return known->second;
  const std::vector<Frame> left(frames(a).begin(), frames(a).end()), right(frames(b).begin(), frames(b).end());
  std::vector<Frame> all;
  auto l = left.begin();
  auto r = right.begin();
  while (l != left.end() || r != right.end()) {
    if (r == right.end() || (l != left.end() && l->position < r->position)) {
      all.push_back(*l++);
    } else if (l == left.end() || r->position < l->position) {
      all.push_back(*r++);
    } else {
      all.push_back({l->position, unite(l->below, r->below)});
      ++l, ++r;
    }
  }
  const Set set = intern(has_empty(a) || has_empty(b), all);
  united_.emplace(pair_of(a, b), set);
  return set;
}

Stacks::Set Stacks::with_bottom(Set set, uint32_t position) {
  if (const auto known = with_bottom_.find(pair_of(set, position)); known != with_bottom_.end()) return known->second;
  std::vector<Frame> all(frames(set).begin(), frames(set).end());
  for (Frame& frame : all) frame.below = with_bottom(frame.below, position);
  Set made = all.empty() ? push(kEmpty, position) : intern(false, all);
  if (has_empty(set) && !all.empty()) made = unite(made, push(kEmpty, position));
  with_bottom_.emplace(pair_of(set, position), made);
  return made;
}

Stacks::Set Stacks::without_bottom(Set set) {
  if (const auto known = without_bottom_.find(set); known != without_bottom_.end()) return known->second;
  const std::vector<Frame> all(frames(set).begin(), frames(set).end());
  std::vector<Frame> rest;
  bool has_empty = false;
  for (const Frame& frame : all) {
    has_empty = has_empty || entries_[frame.below].has_empty;
    if (entries_[frame.below].has_more) rest.push_back({frame.position, without_bottom(frame.below)});
  }
  const Set made = intern(has_empty, rest);
  without_bottom_.emplace(set, made);
  return made;
}

Stacks::Set Stacks::renamed(Set set, const std::function<uint32_t(uint32_t)>& names) {
  if (set == kEmpty) return set;
  if (const auto known = renamed_.find(set); known != renamed_.end()) return known->second;
  const std::vector<Frame> all(frames(set).begin(), frames(set).end());
  Set made = has_empty(set) ? kEmpty : push(renamed(all[0].below, names), names(all[0].position));
  for (const Frame& frame : all) made = unite(made, push(renamed(frame.below, names), names(frame.position)));
  renamed_.emplace(set, made);
  return made;
}

Stacks::Set Stacks::copy_from(const Stacks& other, Set set, std::unordered_map<Set, Set>& copied) {
  if (const auto known = copied.find(set); known != copied.end()) return known->second;
  std::vector<Frame> all(other.frames(set).begin(), other.frames(set).end());
  for (Frame& frame : all) frame.below = copy_from(other, frame.below, copied);
  const Set made = intern(other.has_empty(set), all);
  copied.emplace(set, made);
  return made;
}

}  // namespace tritium::grammar
