// Words that wake a grammar: found in a text that comes byte by byte (Aho and Corasick 1975).
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace tritium::grammar {

class TriggerSearch {
 public:
  static constexpr uint32_t kNone = 0xFFFFFFFF;

  TriggerSearch() = default;
  // Throws Failure: an empty word, or more bytes than a search is made for.
  explicit TriggerSearch(std::span<const std::string> words);

  // 0 is the state at the beginning.
  uint32_t next(uint32_t state, uint8_t byte) const { return states_[state].next[byte]; }
  // The longest of the words that end in that state; kNone: none does.
  uint32_t word(uint32_t state) const { return states_[state].word; }

 private:
  struct State {
    std::array<uint32_t, 256> next{};
    uint32_t word = kNone;
  };
  std::vector<State> states_ = std::vector<State>(1);
};

}  // namespace tritium::grammar
