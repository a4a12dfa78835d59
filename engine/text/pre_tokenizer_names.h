// The names of `tokenizer.ggml.pre` and what each one means.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>

namespace tritium {

struct KnownPreTokenizer {
  std::array<std::string_view, 10> names = {};    // the first one stands for all; "": no more
  std::array<std::string_view, 6> patterns = {};  // each splits what the ones before left; "": no more
  bool ignore_merges = false;                     // a word that is a token is not merged
  bool add_bos = false;                           // where no key says otherwise
};

std::span<const KnownPreTokenizer> known_pre_tokenizers();

// nullptr: no such name.
const KnownPreTokenizer* find_pre_tokenizer(std::string_view name);

// All names, "a, b, c".
std::string pre_tokenizer_names();

}  // namespace tritium
