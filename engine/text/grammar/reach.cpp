#include "text/grammar/reach.h"

#include <algorithm>

#include "base/cancel.h"

namespace tritium::grammar {
namespace {

class Walk {
 public:
  Walk(const Draft& draft, Reach::Through through, Reach& reach)
      : draft_(draft), through_(through), reach_(reach), waiting_(draft.rules.size()) {}

  void run() {
    std::vector<uint32_t> rule_of_last(draft_.heads.size(), Draft::kNone);
    for (size_t rule = 0; rule < draft_.rules.size(); ++rule) {
      rule_of_last[draft_.rules[rule].last] = static_cast<uint32_t>(rule);
      visit(draft_.rules[rule].first);
    }
    for (size_t steps = 0; !open_.empty(); ++steps) {
      check_cancelled_every<4096>(steps);
      const uint32_t state = open_.back();
      open_.pop_back();
      if (rule_of_last[state] != Draft::kNone) finish(rule_of_last[state]);
      draft_.each(state, [&](const Draft::Step& step) { follow(step); });
    }
  }

 private:
  void visit(uint32_t state) {
    if (reach_.states[state]) return;
    reach_.states[state] = true;
    open_.push_back(state);
  }
  void follow(const Draft::Step& step) {
    if (step.kind == Draft::Step::Kind::byte && through_ == Reach::Through::empty_steps) return;
    if (step.kind == Draft::Step::Kind::call && !reach_.rules[step.rule]) {
      waiting_[step.rule].push_back(step.target);
    } else {
      visit(step.target);
    }
  }
  void finish(uint32_t rule) {
    reach_.rules[rule] = true;
    for (const uint32_t state : waiting_[rule]) visit(state);
    waiting_[rule].clear();
  }

  const Draft& draft_;
  Reach::Through through_;
  Reach& reach_;
  std::vector<std::vector<uint32_t>> waiting_;  // by rule: behind calls of it
  std::vector<uint32_t> open_;
};

}  // namespace

Reach Reach::make(const Draft& draft, Through through) {
  Reach reach{.states = std::vector<bool>(draft.heads.size()), .rules = std::vector<bool>(draft.rules.size())};
  Walk(draft, through, reach).run();
  return reach;
}

namespace {

// By rule, which rules it may begin with.
std::vector<std::vector<uint32_t>> first_calls(const Draft& draft, const Reach& empty) {
  // States of a rule lie between its first one and that of the next.
  std::vector<std::vector<uint32_t>> calls(draft.rules.size());
  for (size_t rule = 0; rule < draft.rules.size(); ++rule) {
    const size_t end = rule + 1 < draft.rules.size() ? draft.rules[rule + 1].first : draft.heads.size();
    for (size_t state = draft.rules[rule].first; state < end; ++state)
      if (empty.states[state])
        draft.each(static_cast<uint32_t>(state), [&](const Draft::Step& step) {
          if (step.kind == Draft::Step::Kind::call) calls[rule].push_back(step.rule);
        });
  }
  return calls;
}

}  // namespace

// Depth first, without recursion: a chain of rules may be long.
std::vector<uint32_t> left_recursion(const Draft& draft, const Reach& empty) {
  const std::vector<std::vector<uint32_t>> calls = first_calls(draft, empty);
  enum class Color : uint8_t { fresh, open, done };
  std::vector<Color> colors(calls.size());
  struct Level {
    uint32_t rule;
    size_t next;
  };
  for (size_t root = 0; root < calls.size(); ++root) {
    std::vector<Level> path;
    const auto enter = [&](uint32_t rule) {
      colors[rule] = Color::open;
      path.push_back({rule, 0});
    };
    if (colors[root] == Color::fresh) enter(static_cast<uint32_t>(root));
    while (!path.empty()) {
      Level& level = path.back();
      if (level.next == calls[level.rule].size()) {
        colors[level.rule] = Color::done;
        path.pop_back();
        continue;
      }
      const uint32_t called = calls[level.rule][level.next++];
      if (colors[called] == Color::fresh) {
        enter(called);
      } else if (colors[called] == Color::open) {
        std::vector<uint32_t> way;
        for (auto at = std::ranges::find(path, called, &Level::rule); at != path.end(); ++at) way.push_back(at->rule);
        return way;
      }
    }
  }
  return {};
}

}  // namespace tritium::grammar
