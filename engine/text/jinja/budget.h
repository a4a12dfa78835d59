// What a template may use up: it comes from a stranger, and must end, in memory that is known, without filling the
// stack. Everything that takes time or room says so here.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/cancel.h"
#include "text/jinja/failure.h"

namespace tritium::jinja {

struct Limits {
  uint64_t work = uint64_t{1} << 32;      // bytes looked at; a step counts as kStep of them
  uint64_t memory = uint64_t{512} << 20;  // bytes of all values that were made
  size_t output = size_t{64} << 20;       // bytes of the text
  int depth = 800;                        // of expressions, blocks and calls within each other
  int nesting = 200;                      // of values within each other
  size_t template_bytes = size_t{4} << 20;
};

class Budget {
 public:
  static constexpr uint64_t kStep = 64;

  explicit Budget(const Limits& limits) : limits_(limits) {}

  const Limits& limits() const { return limits_; }
  // Time: so many bytes will be looked at.
  void work(uint64_t bytes) {
    if (bytes > limits_.work - worked_) throw Failure("takes too many steps");
    worked_ += bytes;
    if (worked_ - asked_ < (1 << 18)) return;
    asked_ = worked_;
    check_cancelled();
  }
  void step() { work(kStep); }
  // Room, and the time to fill it: asked for before it is taken.
  void room(uint64_t bytes) {
    work(bytes);
    if (bytes > limits_.memory - used_) throw Failure("needs too much memory");
    used_ += bytes;
  }
  void room(uint64_t n, uint64_t each) {
    if (each > 0 && n > limits_.memory / each) throw Failure("needs too much memory");
    room(n * each);
  }

 private:
  friend class Depth;
  Limits limits_;
  uint64_t worked_ = 0;
  uint64_t asked_ = 0;
  uint64_t used_ = 0;
  int depth_ = 0;
};

// One level deeper, until the end of its scope.
class Depth {
 public:
  explicit Depth(Budget& budget) : budget_(budget) {
    if (budget_.depth_ >= budget_.limits_.depth) throw Failure("is nested too deeply, or calls itself without end");
    ++budget_.depth_;
  }
  ~Depth() { --budget_.depth_; }
  Depth(const Depth&) = delete;
  Depth& operator=(const Depth&) = delete;

 private:
  Budget& budget_;
};

}  // namespace tritium::jinja
