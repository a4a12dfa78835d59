#include "text/piece_characters.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "base/cancel.h"

namespace tritium {

PieceCharacters choose_characters(const std::vector<CountedWord>& words, double coverage) {
  PieceCharacters chosen;
  std::unordered_map<std::string_view, int64_t> counts = {{kSpaceMark, 0}};
  int64_t total = 0;
  for (size_t i = 0; i < words.size(); ++i) {
    check_cancelled_every<4096>(i);
    each_character(words[i].text, [&](std::string_view character) {
      if (utf8_state(character) != Utf8::whole) {
        chosen.n_invalid_bytes += words[i].count;
      } else {
        counts[character] += words[i].count;
        total += words[i].count;
      }
    });
  }
  std::vector<std::pair<std::string_view, int64_t>> order(counts.begin(), counts.end());
  std::ranges::sort(order, [](const auto& a, const auto& b) {
    return a.second > b.second || (a.second == b.second && a.first < b.first);
  });
  int64_t covered = 0;
  for (const auto& [character, count] : order) {
    const bool wanted = static_cast<double>(covered) < coverage * static_cast<double>(total);
    if (wanted || character == kSpaceMark) {
      chosen.covered.emplace_back(character);
      covered += count;
    } else {
      chosen.n_uncovered += count;
      chosen.n_uncovered_bytes += count * static_cast<int64_t>(character.size());
    }
  }
  return chosen;
}

}  // namespace tritium
