// What a model is trained on: files of text (documents.h) as one stream of tokens, and a held-out stream to validate
// on.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "text/tokenizer.h"
#include "tritium/status.hpp"

namespace tritium {

class ChatDocuments;

// A text as the model sees it: tokens, and for each token whether predicting it counts in the loss. Documents follow
// each other; each begins with the vocabulary's first token, which never counts, and those of JSON records end with its
// end token (where the vocabulary has these).
struct CorpusTokens {
  std::vector<int32_t> tokens;
  std::vector<uint8_t> scored;  // one for each token
};

struct Corpus {
  CorpusTokens train;
  CorpusTokens valid;
  int64_t n_documents = 0;  // of both
  bool lines = false;       // conversations are among them, written as lines
};

struct CorpusOptions {
  std::vector<std::string> paths;        // files and folders, see corpus_files()
  std::vector<std::string> valid_paths;  // held-out files; without any, the end of `paths` is held out:
  // At least this part of the tokens, in whole documents from the last one on; plain text is cut at a token instead.
  double valid_fraction = 0.1;
  bool score_prompts = false;           // prompts and what users say count in the loss as well
  const ChatDocuments* chat = nullptr;  // writes conversations; null: they become lines
};

// Errors name the file, and the line of a record. invalid_argument: a part without a token that counts.
Result<Corpus> load_corpus(const CorpusOptions& options, const Tokenizer& tokenizer);

// The same of one text in memory; paths are not read.
Result<Corpus> split_text(std::string_view text, const CorpusOptions& options, const Tokenizer& tokenizer);

}  // namespace tritium
