#include "text/grammar/network.h"

#include <algorithm>
#include <bitset>

#include "base/cancel.h"
#include "base/format_text.h"
#include "text/grammar/draft.h"
#include "text/grammar/failure.h"
#include "text/grammar/reach.h"

namespace tritium::grammar {
namespace {

// States from which their rule's end can be got to, by calls of rules that end.
std::vector<bool> states_before_ends(const Draft& draft, const Reach& all) {
  struct Backward {
    uint32_t source;
    uint32_t next;
  };
  std::vector<uint32_t> heads(draft.heads.size(), Draft::kNone);
  std::vector<Backward> steps;
  for (uint32_t state = 0; state < draft.heads.size(); ++state)
    draft.each(state, [&](const Draft::Step& step) {
      if (step.kind == Draft::Step::Kind::call && !all.rules[step.rule]) return;
      steps.push_back({state, heads[step.target]});
      heads[step.target] = static_cast<uint32_t>(steps.size() - 1);
    });
  std::vector<bool> useful(draft.heads.size());
  std::vector<uint32_t> open;
  const auto visit = [&](uint32_t state) {
    if (useful[state]) return;
    useful[state] = true;
    open.push_back(state);
  };
  for (const Draft::Ends& rule : draft.rules) visit(rule.last);
  while (!open.empty()) {
    const uint32_t state = open.back();
    open.pop_back();
    for (uint32_t s = heads[state]; s != Draft::kNone; s = steps[s].next) visit(steps[s].source);
  }
  return useful;
}

std::string left_recursion_text(const Rules& rules, const std::vector<uint32_t>& way) {
  constexpr size_t kShown = 10;  // of a long way
  const std::string& name = rules.all()[way[0]].name;
  std::string text = "rule " + name + " begins with itself (";
  for (size_t i = 0; i < std::min(way.size(), kShown); ++i) text += rules.all()[way[i]].name + " → ";
  if (way.size() > kShown) text += "… → ";
  return text + name + "), which has no end: write the repetition as (…)*, or let something stand before it";
}

}  // namespace

// Removes empty steps: a position is a state at which a rule begins, or that stands behind a byte or a call, with all
// that can be done from there.
class NetworkBuilder {
 public:
  NetworkBuilder(const Draft& draft, const Reach& empty, const Reach& all, const NetworkLimits& limits)
      : draft_(draft),
        empty_(empty),
        all_(all),
        limits_(limits),
        useful_(states_before_ends(draft, all)),
        is_last_(draft.heads.size()),
        number_(draft.heads.size(), Draft::kNone),
        seen_(draft.heads.size()) {
    for (const Draft::Ends& rule : draft.rules) is_last_[rule.last] = true;
  }

  Network run(uint32_t root) {
    number_classes();
    Position& end = made_.emplace_back();
    end.ends = true;
    network_.start_ = position_of(draft_.rules[root].first);
    for (size_t at = 1; at < made_.size(); ++at) fill(at);
    lay_out();
    network_.find_alike();
    return std::move(network_);
  }

 private:
  struct Position {
    uint32_t state = 0;
    bool ends = false;
    std::vector<Network::Edge> edges;
    std::vector<Network::Call> calls;
  };

  void number_classes() {
    std::bitset<257> begins;
    for (const Draft::Step& step : draft_.steps)
      if (step.kind == Draft::Step::Kind::byte) begins.set(step.first).set(step.last + size_t{1});
    size_t now = 0;
    for (size_t byte = 0; byte < 256; ++byte) {
      if (byte > 0 && begins[byte]) ++now;
      network_.classes_[byte] = static_cast<uint8_t>(now);
    }
    network_.n_classes_ = now + 1;
  }

  // All that is reached by empty steps and rules that may be empty, `state` included.
  const std::vector<uint32_t>& closure(uint32_t state) {
    for (const uint32_t s : closure_) seen_[s] = false;
    closure_.clear();
    const auto visit = [&](uint32_t s) {
      if (seen_[s]) return;
      seen_[s] = true;
      closure_.push_back(s);
    };
    visit(state);
    for (size_t i = 0; i < closure_.size(); ++i)
      draft_.each(closure_[i], [&](const Draft::Step& step) {
        if (step.kind == Draft::Step::Kind::empty || (step.kind == Draft::Step::Kind::call && empty_.rules[step.rule]))
          visit(step.target);
      });
    n_visited_ += closure_.size();
    if (n_visited_ > 16 * limits_.edges)
      throw Failure("it is too large: too many of its parts may be left out in a row");
    return closure_;
  }

  bool does_nothing_more(uint32_t state) {
    for (const uint32_t s : closure(state)) {
      bool reads = false;
      draft_.each(s,
                  [&](const Draft::Step& step) { reads |= step.kind != Draft::Step::Kind::empty && leads_on(step); });
      if (reads) return false;
    }
    return true;
  }
  bool leads_on(const Draft::Step& step) const {
    return useful_[step.target] && (step.kind != Draft::Step::Kind::call || all_.rules[step.rule]);
  }

  uint32_t position_of(uint32_t state) {
    if (number_[state] != Draft::kNone) return number_[state];
    if (does_nothing_more(state)) return number_[state] = Network::kEnd;
    if (made_.size() >= limits_.positions)
      throw Failure(join("it is too large: it has more than ", limits_.positions, " positions"));
    made_.push_back({.state = state});
    return number_[state] = static_cast<uint32_t>(made_.size() - 1);
  }

  void fill(size_t at) {
    check_cancelled_every<256>(at);
    const std::vector<uint32_t> states = closure(made_[at].state);
    Position filled{.state = made_[at].state};
    for (const uint32_t s : states) {
      filled.ends = filled.ends || is_last_[s];
      draft_.each(s, [&](const Draft::Step& step) {
        if (step.kind == Draft::Step::Kind::empty || !leads_on(step)) return;
        const uint32_t target = position_of(step.target);
        if (step.kind == Draft::Step::Kind::byte)
          filled.edges.push_back({network_.classes_[step.first], network_.classes_[step.last], target});
        else if (const uint32_t start = position_of(draft_.rules[step.rule].first); start != Network::kEnd)
          filled.calls.push_back({start, target});
      });
    }
    sort_out(filled.edges);
    sort_out(filled.calls);
    n_edges_ += filled.edges.size() + filled.calls.size();
    if (n_edges_ > limits_.edges) throw Failure(join("it is too large: it has more than ", limits_.edges, " edges"));
    made_[at] = std::move(filled);
  }
  template <typename T>
  static void sort_out(std::vector<T>& list) {
    std::sort(list.begin(), list.end());
    list.erase(std::unique(list.begin(), list.end()), list.end());
  }

  void lay_out() {
    const auto mark = [&](bool ends) {
      network_.positions_.push_back(
          {static_cast<uint32_t>(network_.edges_.size()), static_cast<uint32_t>(network_.calls_.size()), ends});
    };
    for (const Position& p : made_) {
      mark(p.ends);
      network_.edges_.insert(network_.edges_.end(), p.edges.begin(), p.edges.end());
      network_.calls_.insert(network_.calls_.end(), p.calls.begin(), p.calls.end());
    }
    mark(false);
  }

  const Draft& draft_;
  const Reach& empty_;
  const Reach& all_;
  const NetworkLimits& limits_;
  std::vector<bool> useful_;
  std::vector<bool> is_last_;     // of its rule
  std::vector<uint32_t> number_;  // by state: its position
  std::vector<bool> seen_;
  std::vector<uint32_t> closure_;
  std::vector<Position> made_;
  size_t n_edges_ = 0;
  size_t n_visited_ = 0;
  Network network_;
};

Network Network::make(const Rules& rules, uint32_t root, const NetworkLimits& limits) {
  const Draft draft = Draft::make(rules, 4 * limits.positions);
  const Reach empty = Reach::make(draft, Reach::Through::empty_steps);
  if (const std::vector<uint32_t> way = left_recursion(draft, empty); !way.empty())
    throw Failure(left_recursion_text(rules, way));
  const Reach all = Reach::make(draft, Reach::Through::all_steps);
  if (!all.rules[root]) throw Failure("no text fits it: there is no way to the end of " + rules.all()[root].name);
  return NetworkBuilder(draft, empty, all, limits).run(root);
}

}  // namespace tritium::grammar
