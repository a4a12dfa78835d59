// The tokens of a vocabulary: what each is called, which bytes it stands for, what kind it is.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tritium {

// U+2581: how SentencePiece-style vocabularies write a space.
inline constexpr std::string_view kSpaceMark = "\xE2\x96\x81";

enum class TokenKind : uint8_t { normal = 1, unknown = 2, control = 3, user_defined = 4, unused = 5, byte = 6 };

// By id, each of the same length.
struct TokenTable {
  std::vector<std::string> pieces;  // as in the vocabulary
  std::vector<std::string> bytes;   // "" for what is no text
  std::vector<TokenKind> kinds;

  int64_t size() const { return static_cast<int64_t>(pieces.size()); }
  bool contains(int32_t id) const { return id >= 0 && id < size(); }
  // Control, unknown and unused tokens, and ids outside the vocabulary.
  bool is_control(int32_t id) const {
    if (!contains(id)) return true;
    const TokenKind kind = kinds[static_cast<size_t>(id)];
    return kind == TokenKind::control || kind == TokenKind::unknown || kind == TokenKind::unused;
  }
};

}  // namespace tritium
