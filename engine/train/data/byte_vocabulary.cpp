#include "train/data/byte_vocabulary.h"

#include <set>
#include <string>
#include <vector>

#include "text/utf8.h"

namespace tritium {
namespace {

// Kinds of pieces, `tokenizer.ggml.token_type`.
constexpr int64_t kNormal = 1;
constexpr int64_t kUnknown = 2;
constexpr int64_t kControl = 3;
constexpr int64_t kByte = 6;

constexpr std::string_view kSpaceMark = "\xE2\x96\x81";  // U+2581

struct Vocabulary {
  std::vector<std::string> pieces;
  std::vector<int64_t> kinds;

  void add(std::string piece, int64_t kind) {
    pieces.push_back(std::move(piece));
    kinds.push_back(kind);
  }

  Metadata metadata() && {
    Metadata m;
    m.set("tokenizer.ggml.model", std::string("llama"));
    m.set("tokenizer.ggml.scores", std::vector<double>(pieces.size(), 0.0));
    m.set("tokenizer.ggml.tokens", std::move(pieces));
    m.set("tokenizer.ggml.token_type", std::move(kinds));
    m.set("tokenizer.ggml.unknown_token_id", int64_t{0});
    m.set("tokenizer.ggml.add_bos_token", false);
    m.set("tokenizer.ggml.add_eos_token", false);
    m.set("tokenizer.ggml.add_space_prefix", false);
    return m;
  }
};

// 10 -> "<0x0A>"
std::string byte_piece(int byte) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  return std::string("<0x") + kDigits[static_cast<size_t>(byte / 16)] + kDigits[static_cast<size_t>(byte % 16)] + ">";
}

}  // namespace

Metadata byte_vocabulary() {
  Vocabulary v;
  v.add("<unk>", kUnknown);
  v.add("<s>", kControl);
  v.add("</s>", kControl);
  for (int byte = 0; byte < 256; ++byte) {
    if (byte == ' ') {
      v.add(std::string(kSpaceMark), kNormal);
    } else {
      v.add(byte_piece(byte), kByte);
    }
  }
  Metadata m = std::move(v).metadata();
  m.set("tokenizer.ggml.bos_token_id", int64_t{1});
  m.set("tokenizer.ggml.eos_token_id", int64_t{2});
  return m;
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
  Vocabulary v;
  v.add("<unk>", kUnknown);
  for (std::string_view character : characters) {
    const bool whole = utf8_state(character) == Utf8::whole;
    if (!whole) {
      v.add(byte_piece(static_cast<unsigned char>(character[0])), kByte);  // a piece must be UTF-8, a file's text
    } else {
      v.add(std::string(character == " " ? kSpaceMark : character), kNormal);
    }
  }
  return std::move(v).metadata();
}

}  // namespace tritium
