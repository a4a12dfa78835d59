#include "text/special_tokens.h"

#include <algorithm>

#include "base/cancel.h"
#include "text/unicode.h"

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
template <typename Visit>
void SpecialTokens::each_at(std::string_view text, bool control_too, const Visit& visit) const {
  if (text.empty()) return;
  const auto first = static_cast<uint8_t>(text[0]);
  auto begin = sorted_.begin() + first_of_byte_[first], end = sorted_.begin() + first_of_byte_[first + size_t{1}];
  for (size_t n = 1; begin != end; ++n) {
    if (begin->piece.size() == n) {
      if (control_too || !begin->control) visit(*begin);
      ++begin;
    }
    if (n == text.size()) break;
    const auto wanted = static_cast<uint8_t>(text[n]);
    const auto byte_at = [n](const SpecialToken& t) { return static_cast<uint8_t>(t.piece[n]); };
    begin = std::partition_point(begin, end, [&](const SpecialToken& t) { return byte_at(t) < wanted; });
    end = std::partition_point(begin, end, [&](const SpecialToken& t) { return byte_at(t) == wanted; });
  }
}

const SpecialToken* SpecialTokens::longest_at(std::string_view text, bool control_too) const {
  const SpecialToken* longest = nullptr;
  each_at(text, control_too, [&](const SpecialToken& token) { longest = &token; });
  return longest;
}

namespace {

bool stands_alone(std::string_view text, size_t begin, size_t end) {
  return (begin == 0 || !is_word_character(last_character(text.substr(0, begin)))) &&
         (end == text.size() || !is_word_character(text.substr(end)));
}

void append_text(std::string_view text, std::vector<TextPart>& parts) {
  if (!text.empty()) parts.push_back({.text = text});
}

}  // namespace

void SpecialTokens::cut_from_left(std::string_view text, bool control_too, std::vector<TextPart>& parts) const {
  size_t part = 0;
  for (size_t at = 0; at < text.size() && !empty();) {
    check_cancelled_every<4096>(at);
    const SpecialToken* token = longest_at(text.substr(at), control_too);
    if (!token) {
      ++at;
      continue;
    }
    const size_t end = at + token->piece.size();
    if (token->single_word && !stands_alone(text, at, end)) {
      at = end;
      continue;
    }
    std::string_view before = text.substr(part, at - part);
    if (token->strip_left) before.remove_suffix(spaces_at_end(before));
    append_text(before, parts);
    parts.push_back({.text = token->piece, .token = token->id});
    at = end + (token->strip_right ? spaces_at_start(text.substr(end)) : 0);
    part = at;
  }
  append_text(text.substr(part), parts);
}

// By index into sorted_.
std::vector<bool> SpecialTokens::present(std::string_view text, bool control_too) const {
  std::vector<bool> found(sorted_.size());
  for (size_t at = 0; at < text.size(); ++at) {
    check_cancelled_every<4096>(at);
    each_at(text.substr(at), control_too,
            [&](const SpecialToken& token) { found[static_cast<size_t>(&token - sorted_.data())] = true; });
  }
  return found;
}

void SpecialTokens::cut_longest_first(std::string_view text, bool control_too, std::vector<TextPart>& parts) const {
  std::vector<const SpecialToken*> wanted;
  if (!empty()) {
    const std::vector<bool> found = present(text, control_too);
    for (size_t i = 0; i < found.size(); ++i)
      if (found[i]) wanted.push_back(&sorted_[i]);
  }
  std::ranges::stable_sort(wanted, {}, &SpecialToken::id);
  std::ranges::stable_sort(wanted, std::greater<>(), [](const SpecialToken* token) { return token->piece.size(); });

  std::vector<TextPart> all;
  append_text(text, all);
  for (const SpecialToken* token : wanted) {
    std::vector<TextPart> cut;
    for (const TextPart& part : all) {
      check_cancelled_every<64>(cut.size());
      if (part.token >= 0) {
        cut.push_back(part);
        continue;
      }
      size_t at = 0;
      for (size_t place = part.text.find(token->piece); place != part.text.npos;
           place = part.text.find(token->piece, at)) {
        append_text(part.text.substr(at, place - at), cut);
        cut.push_back({.text = token->piece, .token = token->id});
        at = place + token->piece.size();
      }
      append_text(part.text.substr(at), cut);
    }
    all = std::move(cut);
  }
  parts.insert(parts.end(), all.begin(), all.end());
}

}  // namespace tritium
