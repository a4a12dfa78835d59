// Any bytes as a grammar, in GBNF or as a JSON schema, and texts that it allows, drawn by the same bytes.
#include "text/grammar/grammar.h"
#include "tests/fuzz/input.h"
#include "text/byte_characters.h"
#include "text/grammar/grammar_state.h"

namespace tritium::fuzz {
namespace {

// The 256 bytes, some pairs, and an end.
std::shared_ptr<const grammar::TokenTrie> bytes_and_pairs() {
  std::vector<std::string> pieces;
  std::vector<int64_t> kinds;
  pieces.reserve(300);
  for (int byte = 0; byte < 256; ++byte) pieces.emplace_back(character_of_byte(static_cast<uint8_t>(byte)));
  for (const char* pair : {"\":", "{\"", "[[", "ab", "aa", "1,"}) pieces.emplace_back(pair);
  kinds.assign(pieces.size(), 1);
  pieces.emplace_back("</s>");
  kinds.push_back(3);
  Metadata m;
  m.set("tokenizer.ggml.model", std::string("gpt2"));
  m.set("tokenizer.ggml.pre", std::string("gpt-2"));
  m.set("tokenizer.ggml.tokens", pieces);
  m.set("tokenizer.ggml.token_type", kinds);
  m.set("tokenizer.ggml.merges", std::vector<std::string>());
  m.set("tokenizer.ggml.eos_token_id", static_cast<int64_t>(pieces.size() - 1));
  return grammar::TokenTrie::make(*Tokenizer::from_metadata(m));
}

}  // namespace

void try_input(std::string_view bytes) {
  static const auto trie = bytes_and_pairs();
  const bool schema = bytes.starts_with('{');
  const auto made = schema ? grammar::grammar_of_json_schema(bytes) : grammar::parse_gbnf(bytes);
  if (!made.ok())
    return require(made.message().starts_with(schema ? "schema: " : "grammar: "), "an error says what it is about");
  auto state = grammar::GrammarState::make(*made, trie);
  require(state.ok(), "a grammar that was read can be followed");
  Choices choices(bytes);
  std::string text;
  grammar::TokenMask mask;
  for (int n = 0; n < 40; ++n) {
    if (!state->mask(mask).ok()) return;  // too ambiguous
    require(mask.count() > 0, "with all bytes some token always fits");
    auto token = static_cast<int32_t>(choices.below(trie->vocab_size()));
    while (!mask.test(token)) token = (token + 1) % static_cast<int32_t>(trie->vocab_size());
    require(*state->accepts(token), "one token at a time is as all at once");
    if (!state->advance(token).ok()) return;
    if (state->ended()) {
      const auto whole = grammar::fits(*made, text);
      return require(!whole.ok() || *whole, "what ends is a text of the grammar");
    }
    text += trie->bytes_of(token);
  }
}

}  // namespace tritium::fuzz
