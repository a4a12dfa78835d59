// Training of vocabularies: byte-pair encoding with SentencePiece's pieces and the 256 bytes for what has none, learned
// from a text, as a GGUF file that Vocabulary::open() and TrainOptions::tokenizer take.
//
// Errors, threads and callbacks as in tritium.hpp.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tritium/status.hpp"
#include "tritium/text_file.hpp"

namespace tritium {

struct VocabularyTrainingOptions {
  std::vector<std::string> data;  // as in TrainOptions; "-" is standard input
  std::string output;             // what stood there is replaced at the end, when all went well
  int64_t vocab_size = 1024;      // 3 control tokens, 256 bytes, characters, and what is merged of them
  // The most frequent characters that make up this part of the text get a token, others become bytes.
  double character_coverage = 0.9995;
  // "reading", then "merging"; false cancels.
  std::function<bool(const std::string& what, double fraction)> progress{};
  std::function<bool()> keep_going{};  // options.hpp
  TextWaiting waiting{};
};

struct TrainedVocabulary {
  int64_t vocab_size = 0;
  int64_t n_characters = 0;     // of the tokens
  int64_t n_bytes = 0;          // of the text
  int64_t n_tokens = 0;         // that it becomes, as training reads it
  int64_t n_words = 0;          // distinct ones
  int64_t n_uncovered = 0;      // characters of the text that become bytes
  int64_t n_invalid_bytes = 0;  // of the text: not UTF-8
  double seconds = 0;
};

// The same text gives the same file. invalid_argument: a size that the text has no use for, with the sizes that it has.
Result<TrainedVocabulary> train_vocabulary(const VocabularyTrainingOptions& options);

}  // namespace tritium
