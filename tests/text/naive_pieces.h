// Byte-pair training and encoding as their definitions say, over the whole text at once: what the library's are
// compared with.
#pragma once

#include <map>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

namespace tritium::naive {

using Symbols = std::vector<std::string>;

// The characters of valid UTF-8, and other bytes one by one; spaces as U+2581, and one before the text.
inline Symbols characters(std::string_view text) {
  Symbols symbols = {"▁"};
  static const std::regex character("[\\x00-\\x7F]|[\xC3][\x80-\xBF]|[\xE2-\xE9][\x80-\xBF]{2}|\xF0\x9F[\x80-\xBF]{2}");
  while (!text.empty()) {
    std::cmatch match;
    const bool valid = std::regex_search(text.data(), text.data() + text.size(), match, character,
                                         std::regex_constants::match_continuous);
    const auto n = valid ? static_cast<size_t>(match.length()) : size_t{1};
    symbols.emplace_back(text[0] == ' ' ? "▁" : text.substr(0, n));
    text.remove_prefix(n);
  }
  return symbols;
}

// May these characters be one piece? Spaces; a word behind one space at most; tabs and line ends.
inline bool may_be_piece(std::string_view piece) {
  std::string kinds;
  for (const std::string& c : characters(piece))
    kinds += c == "▁"                                        ? 's'
             : c.size() == 1 && c[0] >= '\t' && c[0] <= '\r' ? 'b'
             : c.size() == 1 && c[0] >= '0' && c[0] <= '9'   ? 'd'
                                                             : 'o';
  kinds.erase(0, 1);  // the space before the text
  return kinds.size() <= 16 && std::regex_match(kinds, std::regex("s+|s?o+|b+"));
}

// Merges the neighbours whose piece is the earliest in the list, the leftmost first, until there are none.
inline Symbols encode(Symbols symbols, const std::vector<std::string>& merges) {
  std::map<std::string, size_t> rank;
  for (size_t i = 0; i < merges.size(); ++i) rank.emplace(merges[i], i);
  for (;;) {
    size_t best = merges.size(), at = 0;
    for (size_t i = 0; i + 1 < symbols.size(); ++i) {
      const auto known = rank.find(symbols[i] + symbols[i + 1]);
      if (known != rank.end() && known->second < best) best = known->second, at = i;
    }
    if (best == merges.size()) return symbols;
    symbols[at] += symbols[at + 1];
    symbols.erase(symbols.begin() + static_cast<std::ptrdiff_t>(at) + 1);
  }
}

// All pairs are counted anew for each merge. Fewer merges where none occurs twice.
inline std::vector<std::string> train(std::string_view text, size_t n_merges) {
  std::vector<std::string> merges;
  while (merges.size() < n_merges) {
    const Symbols symbols = encode(characters(text), merges);
    std::map<std::string, int> counts;
    for (size_t i = 0; i + 1 < symbols.size(); ++i)
      if (may_be_piece(symbols[i] + symbols[i + 1])) ++counts[symbols[i] + symbols[i + 1]];
    std::string best;
    int most = 1;
    for (const auto& [piece, count] : counts)  // by their bytes
      if (count > most) most = count, best = piece;
    if (best.empty()) return merges;
    merges.push_back(best);
  }
  return merges;
}

}  // namespace tritium::naive
