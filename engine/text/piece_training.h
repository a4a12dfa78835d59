// Byte-pair training (Gage 1994; Sennrich et al. 2016) of a SentencePiece-style vocabulary: which pieces a text is best
// written with, for `tokenizer.ggml.model` = "llama".
//
// A word is its characters at first. The text's most frequent pair of neighbours becomes a piece, by which they are
// replaced wherever they stand side by side, and so on: piece k is merged k-th, and has the score -k. Pairs with the
// same characters are one and the same piece, as they are for the tokenizer: "abc" may come of "a" "bc" and of "ab"
// "c", and counts as often as both. Of pairs that are as frequent the first one by its bytes is taken, so that the same
// text gives the same vocabulary on every machine.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tensor/metadata.h"
#include "text/word_counts.h"
#include "tritium/status.hpp"

namespace tritium {

struct PieceTrainingOptions {
  int64_t vocab_size = 1024;
  // This part of the text's characters is of those that get a piece, the most frequent ones; others are written as
  // bytes.
  double character_coverage = 0.9995;
  std::function<void(double fraction)> progress{};
};

struct TrainedPieces {
  std::vector<std::string> characters;  // the most frequent first; "▁" always
  std::vector<std::string> merged;      // in the order in which they are merged
  int64_t n_tokens = 0;                 // of the text in this vocabulary
  int64_t n_invalid_bytes = 0;          // of the text: not UTF-8
  int64_t n_uncovered = 0;              // characters of the text that are written as bytes
};

// invalid_argument: no text, a coverage that is none, or more or fewer tokens than the text has use for, with the
// numbers that are possible. Asks check_cancelled().
Result<TrainedPieces> train_pieces(const WordCounts& words, const PieceTrainingOptions& options);

// <unk>, <s>, </s>, the 256 bytes, characters, merged pieces. A text begins with <s> and a space.
Metadata piece_vocabulary(const TrainedPieces& pieces);

}  // namespace tritium
