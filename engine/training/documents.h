// The contents of one file -> documents of tokens.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "training/corpus.h"

namespace tritium::training {

class DocumentReader {
 public:
  DocumentReader(const Tokenizer& tokenizer, bool score_prompts)
      : tokenizer_(tokenizer), score_prompts_(score_prompts) {}

  Status read_text(std::string_view text, std::vector<TokenStream>& out) const;
  // Errors: "PATH:LINE: what is wrong".
  Status read_jsonl(const std::string& path, std::string_view text, std::vector<TokenStream>& out) const;

 private:
  struct Part {
    std::string text;
    bool scored;
    bool ends;  // an end token follows
  };

  static Status parts_of(std::string_view line, std::vector<Part>& parts);
  TokenStream document_of(const std::vector<Part>& parts) const;

  const Tokenizer& tokenizer_;
  bool score_prompts_;
};

}  // namespace tritium::training
