#include "text/sentencepiece.h"

#include <charconv>
#include <cmath>
#include <queue>
#include <string>

#include "base/cancel.h"
#include "text/utf8.h"

namespace tritium {
namespace {

std::string with_spaces(std::string_view piece) {
  std::string text;
  for (size_t i = 0; i < piece.size();) {
    if (piece.substr(i).starts_with(kSpaceMark)) {
      text += ' ';
      i += kSpaceMark.size();
    } else {
      text += piece[i++];
    }
  }
  return text;
}

// "<0x0A>" -> 10; -1 for anything else.
int byte_of_piece(std::string_view piece) {
  if (piece.size() != 6 || !piece.starts_with("<0x") || piece.back() != '>') return -1;
  int value = -1;
  const auto [end, problem] = std::from_chars(piece.data() + 3, piece.data() + 5, value, 16);
  return problem == std::errc() && end == piece.data() + 5 ? value : -1;
}

// The byte of a token; -1: it is none.
int byte_of(const TokenTable& table, size_t id) {
  return table.kinds[id] == TokenKind::byte ? byte_of_piece(table.pieces[id]) : -1;
}

}  // namespace

SentencePiece::SentencePiece(const TokenTable& table, std::vector<float> scores, int32_t unknown)
    : scores_(std::move(scores)), neighbours_(size_t{256} * 256), unknown_(unknown) {
  byte_tokens_.fill(-1);
  for (size_t i = 0; i < table.pieces.size(); ++i) {
    const auto id = static_cast<int32_t>(i);
    const std::string& piece = table.pieces[i];
    const int byte = byte_of(table, i);
    if (byte >= 0) byte_tokens_[static_cast<size_t>(byte)] = id;
    if (table.kinds[i] != TokenKind::normal && table.kinds[i] != TokenKind::user_defined) continue;
    // What no merge of a folder's list makes has no score, and must not become of several characters.
    if (std::isinf(scores_[i]) && scores_[i] < 0 && utf8_length(piece) < piece.size()) continue;
    id_of_.emplace(piece, id);
    for (size_t at = 1; at < piece.size(); ++at)
      neighbours_[256 * static_cast<uint8_t>(piece[at - 1]) + static_cast<uint8_t>(piece[at])] = true;
  }
}

void SentencePiece::fill_bytes(TokenTable& table) {
  for (size_t i = 0; i < table.pieces.size(); ++i) {
    const int byte = byte_of(table, i);
    table.bytes.push_back(byte >= 0                                   ? std::string(1, static_cast<char>(byte))
                          : table.is_control(static_cast<int32_t>(i)) ? std::string()
                                                                      : with_spaces(table.pieces[i]));
  }
}

void SentencePiece::append_bytes(std::string_view text, std::vector<int32_t>& out) const {
  for (char c : text) {
    const int32_t token = byte_tokens_[static_cast<uint8_t>(c)];
    if (token >= 0) {
      out.push_back(token);
    } else if (unknown_ >= 0) {
      out.push_back(unknown_);
    }
  }
}

namespace {

struct Merge {
  float score;
  int left;
  int right;
  size_t bytes;  // of both: a merge is stale when either has grown or gone

  // Highest score first, then leftmost.
  bool operator<(const Merge& other) const {
    return score < other.score || (score == other.score && left > other.left);
  }
};

}  // namespace

bool SentencePiece::may_be_neighbours(char left, char right) const {
  return neighbours_[256 * static_cast<uint8_t>(left) + static_cast<uint8_t>(right)];
}

// A text is merged a stretch at a time: between two bytes that are side by side in no piece nothing can be merged, so
// that the tokens are those of the text as a whole, and the memory that symbols and merges take stays small.
void SentencePiece::encode_symbols(std::string_view text, std::vector<int32_t>& out) const {
  constexpr size_t kStretch = 4096;          // symbols from which on such a place is looked for
  constexpr size_t kMost = size_t{1} << 30;  // symbols are numbered by an int
  std::vector<Symbol> symbols;
  for (size_t at = 0; at < text.size();) {
    check_cancelled_every<4096>(symbols.size());
    const size_t n = utf8_length(text.substr(at));
    const bool apart = at > 0 && !may_be_neighbours(text[at - 1], text[at]);
    if ((symbols.size() >= kStretch && apart) || symbols.size() == kMost) {
      merge_symbols(symbols, out);
      symbols.clear();
    }
    const int index = static_cast<int>(symbols.size());
    symbols.push_back({text.substr(at, n), index - 1, index + 1});
    at += n;
  }
  merge_symbols(symbols, out);
}

void SentencePiece::merge_symbols(std::vector<Symbol>& symbols, std::vector<int32_t>& out) const {
  if (symbols.empty()) return;
  symbols.back().next = -1;

  std::priority_queue<Merge> merges;
  const auto propose = [&](int left, int right) {
    if (left < 0 || right < 0) return;
    const std::string_view a = symbols[static_cast<size_t>(left)].text, b = symbols[static_cast<size_t>(right)].text;
    const std::string_view both(a.data(), a.size() + b.size());  // neighbours lie side by side in the text
    if (const auto it = id_of_.find(both); it != id_of_.end())
      merges.push({scores_[static_cast<size_t>(it->second)], left, right, both.size()});
  };
  for (size_t i = 1; i < symbols.size(); ++i) {
    check_cancelled_every<4096>(i);
    propose(static_cast<int>(i) - 1, static_cast<int>(i));
  }
  while (!merges.empty()) {
    check_cancelled_every<4096>(merges.size());
    const Merge m = merges.top();
    merges.pop();
    Symbol& left = symbols[static_cast<size_t>(m.left)];
    Symbol& right = symbols[static_cast<size_t>(m.right)];
    if (left.text.empty() || right.text.empty() || left.text.size() + right.text.size() != m.bytes) continue;
    left.text = {left.text.data(), m.bytes};
    right.text = {};
    left.next = right.next;
    if (right.next >= 0) symbols[static_cast<size_t>(right.next)].previous = m.left;
    propose(left.previous, m.left);
    propose(m.left, left.next);
  }
  for (const Symbol& s : symbols) {
    if (s.text.empty()) continue;
    const auto it = id_of_.find(s.text);
    if (it != id_of_.end()) {
      out.push_back(it->second);
    } else {
      append_bytes(s.text, out);
    }
  }
}

void SentencePiece::encode_text(std::string_view text, bool space_prefix, std::vector<int32_t>& out) const {
  if (text.empty()) return;
  std::string normalized(space_prefix ? kSpaceMark : std::string_view());
  for (char c : text) {
    if (c == ' ') {
      normalized += kSpaceMark;
    } else {
      normalized += c;
    }
  }
  encode_symbols(normalized, out);
}

void SentencePiece::encode(std::span<const TextPart> parts, std::vector<int32_t>& out) const {
  for (const TextPart& part : parts) {
    if (part.token >= 0) {
      out.push_back(part.token);
    } else {
      encode_text(part.text, part.space_prefix, out);
    }
  }
}

}  // namespace tritium
