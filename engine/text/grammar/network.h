// A grammar as an automaton over bytes: the rules' positions, with edges that read a byte, calls that go through
// another rule first, and no empty steps. A position may be left where it stands (it ends its rule), or not. Of
// everything that is here some text fits: what leads nowhere was taken out.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "text/grammar/rules.h"

namespace tritium::grammar {

struct NetworkLimits {
  size_t positions = size_t{1} << 18;
  size_t edges = size_t{1} << 21;
};

class Network {
 public:
  static constexpr uint32_t kEnd = 0;  // the position that ends its rule and does nothing else

  // Reads a byte of classes first … last.
  struct Edge {
    uint8_t first = 0;
    uint8_t last = 0;
    uint32_t target = 0;
    bool operator==(const Edge&) const = default;
    bool operator<(const Edge& o) const { return std::tie(first, last, target) < std::tie(o.first, o.last, o.target); }
  };
  // Begins at `start`, and goes on at `target` when that rule ends.
  struct Call {
    uint32_t start = 0;
    uint32_t target = 0;
    bool operator==(const Call&) const = default;
    bool operator<(const Call& o) const { return std::tie(start, target) < std::tie(o.start, o.target); }
  };

  // Throws Failure: a rule begins with itself (named), no text fits, or it is larger than the limits.
  static Network make(const Rules& rules, uint32_t root, const NetworkLimits& limits = {});

  uint32_t start() const { return start_; }
  bool ends(uint32_t position) const { return positions_[position].ends; }
  std::span<const Edge> edges(uint32_t position) const {
    return {edges_.data() + positions_[position].edges, edges_.data() + positions_[position + 1].edges};
  }
  std::span<const Call> calls(uint32_t position) const {
    return {calls_.data() + positions_[position].calls, calls_.data() + positions_[position + 1].calls};
  }
  // A position that cannot be told from this one by kAlike bytes: of x{0,2000} most are alike. One for all of them.
  static constexpr uint32_t kAlike = 24;
  uint32_t alike(uint32_t position) const { return alike_[position]; }
  size_t n_positions() const { return positions_.size() - 1; }
  // Bytes that no edge tells apart have one class; classes are numbered in the order of their bytes.
  uint8_t class_of(uint8_t byte) const { return classes_[byte]; }
  size_t n_classes() const { return n_classes_; }
  // Of memory that it holds.
  size_t bytes() const {
    return positions_.size() * sizeof(Position) + alike_.size() * sizeof(uint32_t) + edges_.size() * sizeof(Edge) +
           calls_.size() * sizeof(Call);
  }

 private:
  friend class NetworkBuilder;
  void find_alike();
  struct Position {
    uint32_t edges = 0;  // where its own begin
    uint32_t calls = 0;
    bool ends = false;
  };
  std::vector<Position> positions_;  // and one behind the last
  std::vector<uint32_t> alike_;
  std::vector<Edge> edges_;
  std::vector<Call> calls_;
  std::array<uint8_t, 256> classes_{};
  size_t n_classes_ = 1;
  uint32_t start_ = 0;
};

}  // namespace tritium::grammar
