// What the keys tokenizer.* of a model file mean here.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tensor/known_keys.h"
#include "tritium/status.hpp"

namespace tritium {

std::span<const KnownKey> tokenizer_keys();

// Of a token in tokenizer.tritium.added_tokens. Where that key is, special tokens are found from left to right.
enum AddedTokenFlag : uint8_t {
  kStripLeft = 1,   // white space before it is taken along
  kStripRight = 2,  // and after it
  kSingleWord = 4,  // only where neither side is a word
  kNormalized = 8,  // looked for in the text as the normalizer leaves it
};

// Optional values of tokenizer.ggml.KEY. One that cannot be used costs only itself: the default is taken, and a warning
// added.
class OptionalKeys {
 public:
  explicit OptionalKeys(const Metadata& metadata) : metadata_(metadata) {}

  // A token of the vocabulary; -1: none.
  int32_t token(std::string_view key, size_t vocab_size);
  bool boolean(std::string_view key, bool fallback);
  void warn(const std::string& text) {
    if (!text.empty()) warnings_.push_back(text);
  }
  std::vector<std::string> take_warnings() { return std::move(warnings_); }

 private:
  const Metadata& metadata_;
  std::vector<std::string> warnings_;
};

}  // namespace tritium
