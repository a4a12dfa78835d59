#include "train/data/byte_vocabulary.h"

#include <set>
#include <string>
#include <utility>

#include "text/piece_table.h"
#include "text/utf8.h"

namespace tritium {

Metadata byte_vocabulary() {
  PieceTable table;
  table.add_control_tokens();
  for (int byte = 0; byte < 256; ++byte) {
    if (byte == ' ') {
      table.add(std::string(kSpaceMark), TokenKind::normal);
    } else {
      table.add(byte_piece(byte), TokenKind::byte);
    }
  }
  return std::move(table).metadata();
}

Metadata character_vocabulary(std::string_view text) {
  // UTF-8 sorts by its bytes as its code points do.
  std::set<std::string_view> characters;
  for (size_t at = 0; at < text.size();) {
    const size_t length = utf8_length(text.substr(at));
    characters.insert(text.substr(at, length));
    at += length;
  }
  if (characters.contains(" ")) characters.erase(kSpaceMark);  // both are written as the mark
  PieceTable table;
  table.add("<unk>", TokenKind::unknown);
  for (std::string_view character : characters) {
    const bool whole = utf8_state(character) == Utf8::whole;
    if (!whole) {
      table.add(byte_piece(static_cast<unsigned char>(character[0])), TokenKind::byte);  // a piece must be UTF-8
    } else {
      table.add(std::string(character == " " ? kSpaceMark : character), TokenKind::normal);
    }
  }
  return std::move(table).metadata();
}

}  // namespace tritium
