// Vocabularies made by hand: each entry a piece, its score and its kind.
#pragma once

#include <string>
#include <vector>

#include "tensor/metadata.h"
#include "text/tokenizer.h"

namespace tritium {

enum PieceKind : int64_t { kNormal = 1, kUnknown = 2, kControl = 3, kUserDefined = 4, kUnused = 5, kByte = 6 };

struct Piece {
  std::string text;
  double score = 0;
  PieceKind kind = kNormal;
};

// <unk> 0, <s> 1, </s> 2, then these.
inline Metadata vocabulary(const std::vector<Piece>& pieces) {
  std::vector<Piece> all{{"<unk>", 0, kUnknown}, {"<s>", 0, kControl}, {"</s>", 0, kControl}};
  all.insert(all.end(), pieces.begin(), pieces.end());
  std::vector<std::string> texts;
  std::vector<double> scores;
  std::vector<int64_t> kinds;
  for (const Piece& p : all) {
    texts.push_back(p.text);
    scores.push_back(p.score);
    kinds.push_back(p.kind);
  }
  Metadata m;
  m.set("tokenizer.ggml.model", std::string("llama"));
  m.set("tokenizer.ggml.tokens", texts);
  m.set("tokenizer.ggml.scores", scores);
  m.set("tokenizer.ggml.token_type", kinds);
  m.set("tokenizer.ggml.bos_token_id", int64_t{1});
  m.set("tokenizer.ggml.eos_token_id", int64_t{2});
  m.set("tokenizer.ggml.unknown_token_id", int64_t{0});
  m.set("tokenizer.ggml.add_bos_token", false);
  m.set("tokenizer.ggml.add_space_prefix", false);
  return m;
}

// The 256 byte tokens: "<0x00>" … "<0xFF>".
inline std::vector<Piece> byte_pieces() {
  std::vector<Piece> pieces;
  for (int i = 0; i < 256; ++i) {
    const char* digits = "0123456789ABCDEF";
    pieces.push_back({std::string("<0x") + digits[i / 16] + digits[i % 16] + ">", 0, kByte});
  }
  return pieces;
}

inline std::shared_ptr<const Tokenizer> tokenizer_of(const Metadata& m) { return *Tokenizer::from_metadata(m); }

// The pieces that a text is split into.
inline std::vector<std::string> split(const Tokenizer& t, std::string_view text, const EncodeOptions& options = {}) {
  std::vector<std::string> pieces;
  for (int32_t id : t.encode(text, options)) pieces.emplace_back(t.piece(id));
  return pieces;
}

}  // namespace tritium
