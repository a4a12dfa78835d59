// A tokenizer.json, and behind a zero byte a text.
#include "tests/fuzz/input.h"
#include "text/hf_tokenizer.h"
#include "text/tokenizer.h"

namespace tritium::fuzz {

void try_input(std::string_view bytes) {
  const size_t end = std::min(bytes.find('\0'), bytes.size());
  const std::string_view text = end < bytes.size() ? bytes.substr(end + 1) : std::string_view("a ab  <s>\n1\u4E2D");
  const Result<Metadata> metadata = hf_tokenizer_metadata({.tokenizer = std::string(bytes.substr(0, end))});
  if (!metadata.ok()) return;
  const auto made = Tokenizer::from_metadata(*metadata);
  if (!made.ok()) return;
  const Tokenizer& tokenizer = **made;
  for (const bool special : {false, true}) {
    const std::vector<int32_t> ids = tokenizer.encode(text, {.parse_special = special, .add_eos = true});
    for (const int32_t id : ids) require(id >= 0 && id < tokenizer.vocab_size(), "a token is in the vocabulary");
    (void)tokenizer.decode(ids, special);
  }
}

}  // namespace tritium::fuzz
