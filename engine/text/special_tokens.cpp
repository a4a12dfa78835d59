#include "text/special_tokens.h"

#include <algorithm>

namespace tritium {

SpecialTokens::SpecialTokens(std::vector<SpecialToken> tokens) : sorted_(std::move(tokens)) {
  std::erase_if(sorted_, [](const SpecialToken& t) { return t.piece.empty() || t.piece.size() > kLongest; });
  std::ranges::stable_sort(sorted_, {}, &SpecialToken::piece);
  const auto alike = [](const SpecialToken& a, const SpecialToken& b) { return a.piece == b.piece; };
  sorted_.erase(std::unique(sorted_.begin(), sorted_.end(), alike), sorted_.end());
  for (const SpecialToken& t : sorted_) ++first_of_byte_[static_cast<uint8_t>(t.piece[0]) + size_t{1}];
  for (size_t b = 1; b < first_of_byte_.size(); ++b) first_of_byte_[b] += first_of_byte_[b - 1];
}

// Byte by byte: those that agree with the text so far are neighbours, and the one that ends there comes first.
const SpecialToken* SpecialTokens::longest_at(std::string_view text, bool control_too) const {
  if (text.empty()) return nullptr;
  const auto first = static_cast<uint8_t>(text[0]);
  auto begin = sorted_.begin() + first_of_byte_[first], end = sorted_.begin() + first_of_byte_[first + size_t{1}];
  const SpecialToken* longest = nullptr;
  for (size_t n = 1; begin != end; ++n) {
    if (begin->piece.size() == n) {
      if (control_too || !begin->control) longest = &*begin;
      ++begin;
    }
    if (n == text.size()) break;
    const auto wanted = static_cast<uint8_t>(text[n]);
    const auto byte_at = [n](const SpecialToken& t) { return static_cast<uint8_t>(t.piece[n]); };
    begin = std::partition_point(begin, end, [&](const SpecialToken& t) { return byte_at(t) < wanted; });
    end = std::partition_point(begin, end, [&](const SpecialToken& t) { return byte_at(t) == wanted; });
  }
  return longest;
}

}  // namespace tritium
