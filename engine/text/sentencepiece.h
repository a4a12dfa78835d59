// SentencePiece-style byte-pair vocabularies (`tokenizer.ggml.model` = "llama"): pieces with scores, spaces as U+2581,
// bytes as <0xNN> for what has no piece. Kudo & Richardson 2018.
#pragma once

#include <array>
#include <string_view>
#include <unordered_map>

#include "text/encoder.h"
#include "text/token_table.h"

namespace tritium {

class SentencePiece : public Encoder {
 public:
  // The table must outlive this. `unknown`: for bytes that have no token; -1: they vanish.
  SentencePiece(const TokenTable& table, std::vector<float> scores, int32_t unknown);
  // What each token stands for; control tokens and their like for nothing.
  static void fill_bytes(TokenTable& table);

  // Any bytes: what is not UTF-8 becomes byte tokens. O(n log n) for a given vocabulary.
  void encode(std::span<const TextPart> parts, std::vector<int32_t>& out) const override;

 private:
  // A run of the text that is one token so far; a doubly linked list through the vector.
  struct Symbol {
    std::string_view text;  // empty: merged into the one before
    int previous;
    int next;
  };

  void encode_text(std::string_view text, bool space_prefix, std::vector<int32_t>& out) const;
  void encode_symbols(std::string_view normalized, std::vector<int32_t>& out) const;
  void merge_symbols(std::vector<Symbol>& symbols, std::vector<int32_t>& out) const;
  bool may_be_neighbours(char left, char right) const;
  void append_bytes(std::string_view text, std::vector<int32_t>& out) const;

  std::vector<float> scores_;
  std::unordered_map<std::string_view, int32_t> id_of_;  // of pieces that text can become
  std::vector<bool> neighbours_;            // [256 * left + right]: these bytes are side by side in one of them
  std::array<int32_t, 256> byte_tokens_{};  // -1: none
  int32_t unknown_;
};

}  // namespace tritium
