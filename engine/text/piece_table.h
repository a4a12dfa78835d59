// A SentencePiece-style vocabulary in the making: what of it stands in a file, as `tokenizer.ggml.*`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tensor/metadata.h"
#include "text/token_table.h"

namespace tritium {

// 10 -> "<0x0A>"
std::string byte_piece(int byte);

class PieceTable {
 public:
  void add(std::string piece, TokenKind kind, double score = 0);
  // <unk> 0, <s> 1, </s> 2.
  void add_control_tokens();
  int64_t size() const { return static_cast<int64_t>(pieces_.size()); }
  // Token 0 is the unknown one; those of add_control_tokens() begin and end a text. Nothing is put before or after a
  // text, unless the caller changes that.
  Metadata metadata() &&;

 private:
  std::vector<std::string> pieces_;
  std::vector<int64_t> kinds_;
  std::vector<double> scores_;
  bool has_ends_ = false;
};

}  // namespace tritium
