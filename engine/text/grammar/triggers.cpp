#include "text/grammar/triggers.h"

#include "base/format_text.h"
#include "text/grammar/failure.h"

namespace tritium::grammar {

TriggerSearch::TriggerSearch(std::span<const std::string> words) {
  constexpr size_t kMost = 4096;  // bytes: a state of a kilobyte each
  size_t bytes = 0;
  for (uint32_t word = 0; word < words.size(); ++word) {
    if (words[word].empty()) throw Failure("a trigger is empty: it must have at least one character");
    if (bytes += words[word].size(); bytes > kMost)
      throw Failure(join("the triggers have more than ", kMost, " bytes"));
    uint32_t state = 0;
    for (const char c : words[word]) {
      uint32_t& next = states_[state].next[static_cast<uint8_t>(c)];
      if (next == 0) next = static_cast<uint32_t>(states_.size());
      state = next;
      if (state == states_.size()) states_.emplace_back();
    }
    if (states_[state].word == kNone) states_[state].word = word;
  }
  // By depth: where a word cannot go on, its longest end that begins one does.
  std::vector<uint32_t> fallback(states_.size()), order;
  for (const uint32_t next : states_[0].next)
    if (next != 0) order.push_back(next);
  for (size_t i = 0; i < order.size(); ++i) {
    State& state = states_[order[i]];
    const State& shorter = states_[fallback[order[i]]];
    if (state.word == kNone) state.word = shorter.word;
    for (size_t byte = 0; byte < 256; ++byte) {
      if (state.next[byte] == 0) {
        state.next[byte] = shorter.next[byte];
      } else {
        fallback[state.next[byte]] = shorter.next[byte];
        order.push_back(state.next[byte]);
      }
    }
  }
}

}  // namespace tritium::grammar
