#include "text/piece_table.h"

#include <utility>

namespace tritium {

std::string byte_piece(int byte) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  return std::string("<0x") + kDigits[static_cast<size_t>(byte / 16)] + kDigits[static_cast<size_t>(byte % 16)] + ">";
}

void PieceTable::add(std::string piece, TokenKind kind, double score) {
  pieces_.push_back(std::move(piece));
  kinds_.push_back(static_cast<int64_t>(kind));
  scores_.push_back(score);
}

void PieceTable::add_control_tokens() {
  add("<unk>", TokenKind::unknown);
  add("<s>", TokenKind::control);
  add("</s>", TokenKind::control);
  has_ends_ = true;
}

Metadata PieceTable::metadata() && {
  Metadata m;
  m.set("tokenizer.ggml.model", std::string("llama"));
  m.set("tokenizer.ggml.tokens", std::move(pieces_));
  m.set("tokenizer.ggml.scores", std::move(scores_));
  m.set("tokenizer.ggml.token_type", std::move(kinds_));
  m.set("tokenizer.ggml.unknown_token_id", int64_t{0});
  if (has_ends_) {
    m.set("tokenizer.ggml.bos_token_id", int64_t{1});
    m.set("tokenizer.ggml.eos_token_id", int64_t{2});
  }
  m.set("tokenizer.ggml.add_bos_token", false);
  m.set("tokenizer.ggml.add_eos_token", false);
  m.set("tokenizer.ggml.add_space_prefix", false);
  return m;
}

}  // namespace tritium
