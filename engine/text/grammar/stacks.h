// Sets of stacks of positions to return to, each set once, in a table: what an ambiguous grammar may be within. A set
// is a map from the topmost position to the set of what lies below it, and so sets that go on alike share that.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <unordered_map>
#include <vector>

namespace tritium::grammar {

class Stacks {
 public:
  using Set = uint32_t;
  static constexpr Set kEmpty = 0;  // holds one stack, that of nothing
  static constexpr uint32_t kNone = 0xFFFFFFFF;

  struct Frame {
    uint32_t position = 0;
    Set below = kEmpty;
    bool operator==(const Frame&) const = default;
  };

  Stacks();

  bool has_empty(Set set) const { return entries_[set].has_empty; }
  // Sorted by position. Valid until a set is made.
  std::span<const Frame> frames(Set set) const { return {frames_.data() + entries_[set].first, entries_[set].n}; }
  // The position at the bottom of all of its stacks; kNone: they differ, or one is empty.
  uint32_t bottom(Set set) const { return entries_[set].has_empty ? kNone : entries_[set].bottom; }

  // All throw Failure where there would be too many sets, or too deep ones.
  Set push(Set set, uint32_t position);
  Set unite(Set a, Set b);
  Set with_bottom(Set set, uint32_t position);  // below each stack
  Set without_bottom(Set set);                  // of a set whose bottom() is a position
  // Each position replaced by what `names`, always the same, has for it.
  Set renamed(Set set, const std::function<uint32_t(uint32_t)>& names);
  Set copy_from(const Stacks& other, Set set, std::unordered_map<Set, Set>& copied);

  size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    uint32_t first = 0;  // of its frames
    uint32_t n = 0;
    bool has_empty = false;
    bool has_more = false;    // stacks that are not empty
    uint32_t bottom = kNone;  // of those
    uint32_t depth = 0;       // of the deepest
  };
  Set intern(bool has_empty, const std::vector<Frame>& frames);
  Entry describe(bool has_empty, const std::vector<Frame>& frames) const;

  std::vector<Entry> entries_;
  std::vector<Frame> frames_;
  std::unordered_multimap<uint64_t, Set> by_hash_;
  std::unordered_map<uint64_t, Set> united_;       // by both
  std::unordered_map<uint64_t, Set> with_bottom_;  // by set and position
  std::unordered_map<Set, Set> without_bottom_;
  std::unordered_map<Set, Set> renamed_;
};

}  // namespace tritium::grammar
