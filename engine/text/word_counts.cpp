#include "text/word_counts.h"

#include <algorithm>
#include <functional>

#include "base/cancel.h"
#include "text/token_table.h"

namespace tritium {
namespace {

constexpr size_t kLongestWord = 1024;  // bytes from which on the next character begins another word
constexpr size_t kStore = size_t{1} << 20;

bool begins_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }

}  // namespace

CharacterKind character_kind(std::string_view text) {
  const char c = text.front();
  if (c == ' ') return CharacterKind::space;
  if (c >= '0' && c <= '9') return CharacterKind::digit;
  if (c >= '\t' && c <= '\r') return CharacterKind::blank;
  return c == kSpaceMark.front() && text.starts_with(kSpaceMark) ? CharacterKind::space : CharacterKind::other;
}

size_t word_length(std::string_view text) {
  CharacterKind last = character_kind(text);
  if (last == CharacterKind::digit) return 1;
  size_t n = 1;
  for (; n < text.size(); ++n) {
    if (!begins_character(text[n])) continue;
    if (n >= kLongestWord) break;
    const CharacterKind kind = character_kind(text.substr(n));
    if (kind != last && !(last == CharacterKind::space && kind == CharacterKind::other)) break;
    last = kind;
  }
  return n;
}

void WordCounts::add(std::string_view text, bool continues) {
  n_bytes_ += static_cast<int64_t>(text.size());
  if (!continues && !text.empty()) {
    const size_t n = word_length(text);
    std::string first(1, ' ');
    first += text.substr(0, n);
    text.remove_prefix(n);
    const size_t space = word_length(first);  // 1 where a digit or a blank follows it
    add_word(std::string_view(first).substr(0, space));
    if (space < first.size()) add_word(std::string_view(first).substr(space));
  }
  for (size_t i = 0; !text.empty(); ++i) {
    check_cancelled_every<4096>(i);
    const size_t n = word_length(text);
    add_word(text.substr(0, n));
    text.remove_prefix(n);
  }
}

void WordCounts::add_word(std::string_view word) {
  if (2 * words_.size() >= slots_.size()) grow();
  const uint64_t hash = std::hash<std::string_view>()(word);
  for (size_t at = hash & (slots_.size() - 1);; at = (at + 1) & (slots_.size() - 1)) {
    if (slots_[at] == 0) {
      words_.push_back({keep(word), 1});
      hashes_.push_back(hash);
      slots_[at] = static_cast<uint32_t>(words_.size());
      return;
    }
    CountedWord& known = words_[slots_[at] - 1];
    if (hashes_[slots_[at] - 1] != hash || known.text != word) continue;
    ++known.count;
    return;
  }
}

std::string_view WordCounts::keep(std::string_view word) {
  if (store_.empty() || store_.back().capacity() - store_.back().size() < word.size())
    store_.emplace_back().reserve(std::max(kStore, word.size()));
  std::string& block = store_.back();
  block += word;
  return std::string_view(block).substr(block.size() - word.size());
}

void WordCounts::grow() {
  slots_.assign(std::max<size_t>(1024, 2 * slots_.size()), 0);
  for (size_t i = 0; i < words_.size(); ++i) {
    size_t at = hashes_[i] & (slots_.size() - 1);
    while (slots_[at] != 0) at = (at + 1) & (slots_.size() - 1);
    slots_[at] = static_cast<uint32_t>(i + 1);
  }
}

}  // namespace tritium
