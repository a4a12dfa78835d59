// Vocabulary: a model's text alone, without its weights. From a GGUF file (which may have no tensors), a Hugging Face
// folder, or a tokenizer.json.
// A Vocabulary may be used from any number of threads at once.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tritium/status.hpp"

namespace tritium {

struct VocabularyOptions {
  // How a byte-level vocabulary splits text, instead of what the file says: "llama-bpe", "qwen2".
  std::string pre;
};

struct TokenizeOptions {
  bool parse_special = false;  // control tokens written in the text become those tokens: for text that is trusted
  bool add_ends = false;       // what the model wants before and after a text (BOS, EOS), also where the text has it
};

// A handle: copies share the vocabulary.
class Vocabulary {
 public:
  struct State;  // the library's own

  // not_found, io_error; corrupt_file: what the file says contradicts itself; unsupported: another kind of vocabulary,
  // or a way to split text that is not known here, with those that are.
  static Result<Vocabulary> open(const std::string& path, const VocabularyOptions& options = {});

  // Any bytes are valid text.
  Result<std::vector<int32_t>> tokenize(std::string_view text, const TokenizeOptions& options = {}) const;
  // Bytes that are not UTF-8 become U+FFFD. `show_control`: control tokens as they are written; else they are nothing.
  // invalid_argument: an id that is none of the vocabulary.
  Result<std::string> detokenize(std::span<const int32_t> tokens, bool show_control = false) const;

  int64_t size() const;                              // tokens, padding included
  const std::vector<std::string>& warnings() const;  // what of the file is ignored or unusable

 private:
  explicit Vocabulary(std::shared_ptr<const State> state);
  std::shared_ptr<const State> state_;
};

}  // namespace tritium
