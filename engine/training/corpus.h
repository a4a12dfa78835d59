// Text files -> tokens to train on.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tokenizer/tokenizer.h"
#include "tritium/status.hpp"

namespace tritium::training {

// A text as the model sees it: tokens, and for each whether predicting it counts in the loss.
struct TokenStream {
  std::vector<int32_t> tokens;
  std::vector<uint8_t> scored;
  int64_t text_bytes = 0;  // that the scored tokens stand for
};

struct Corpus {
  TokenStream train;
  TokenStream valid;
};

struct CorpusOptions {
  // Files, or folders whose .txt, .md and .jsonl files are read in the order of their names.
  std::vector<std::string> paths;
  std::vector<std::string> valid_paths;  // empty: the last valid_fraction of the tokens is held out
  double valid_fraction = 0.1;
  bool score_prompts = false;
};

// A .jsonl file has one object a line:
//   {"text": "…"}                                        all of it is learned
//   {"prompt": "…", "completion": "…"}                   the completion is learned
//   {"messages": [{"role": "user", "content": "…"}, …]}  what the assistant says is learned; a message becomes
//                                                        "role: content\n"
// Each line is a document between the vocabulary's begin and end tokens. Any other file is one text, all learned, with
// a begin token. Documents are split whole between training and held-out; a single text is split at a token. Errors
// name the file and, in .jsonl, the line.
Result<Corpus> load_corpus(const CorpusOptions& options, const Tokenizer& tokenizer);

}  // namespace tritium::training
