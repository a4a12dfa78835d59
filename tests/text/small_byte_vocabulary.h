// Byte-level vocabularies made by hand: the 256 bytes, what the merges make, then tokens of other kinds.
#pragma once

#include "tests/text/small_vocabulary.h"
#include "text/byte_characters.h"

namespace tritium {

// Byte b is token b; then the results of the merges ("Ġ a" makes "Ġa"), in order, then `more`.
inline Metadata byte_level_vocabulary(const std::vector<std::string>& merges, const std::vector<Piece>& more = {},
                                      const std::string& pre = "gpt-2") {
  std::vector<std::string> texts;
  std::vector<int64_t> kinds;
  const auto add = [&](const std::string& text, PieceKind kind) {
    texts.push_back(text);
    kinds.push_back(kind);
  };
  for (int byte = 0; byte < 256; ++byte) add(std::string(character_of_byte(static_cast<uint8_t>(byte))), kNormal);
  for (const std::string& merge : merges) {
    const size_t space = merge.find(' ');
    add(merge.substr(0, space) + merge.substr(space + 1), kNormal);
  }
  for (const Piece& piece : more) add(piece.text, piece.kind);
  Metadata m;
  m.set("tokenizer.ggml.model", std::string("gpt2"));
  m.set("tokenizer.ggml.tokens", texts);
  m.set("tokenizer.ggml.token_type", kinds);
  m.set("tokenizer.ggml.merges", merges);
  if (!pre.empty()) m.set("tokenizer.ggml.pre", pre);
  return m;
}

}  // namespace tritium
