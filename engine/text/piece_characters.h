// The characters of a text that become pieces.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "text/token_table.h"
#include "text/utf8.h"
#include "text/word_counts.h"

namespace tritium {

struct PieceCharacters {
  std::vector<std::string> covered;  // the most frequent first, then by their bytes
  int64_t n_uncovered = 0;           // characters of the text that are not among them
  int64_t n_uncovered_bytes = 0;     // of these
  int64_t n_invalid_bytes = 0;
};

// The fewest that make up `coverage` of the text's characters, and the space. Asks check_cancelled().
PieceCharacters choose_characters(const std::vector<CountedWord>& words, double coverage);

// Calls visit(character) from left to right: a space as U+2581, what is not UTF-8 byte by byte.
template <typename Visit>
void each_character(std::string_view word, const Visit& visit) {
  for (size_t at = 0; at < word.size();) {
    const size_t n = utf8_length(word.substr(at));
    visit(word[at] == ' ' ? kSpaceMark : word.substr(at, n));
    at += n;
  }
}

}  // namespace tritium
