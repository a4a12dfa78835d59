// A vocabulary of chosen pieces, with scores or of bytes with a list of merges, and a text.
#include <algorithm>

#include "tests/fuzz/input.h"
#include "text/byte_characters.h"
#include "text/pre_tokenizer_names.h"
#include "text/tokenizer.h"

namespace tritium::fuzz {
namespace {

void choose_ids(Choices& choices, Metadata& m) {
  for (const char* name : {"bos", "eos", "unknown", "padding", "eot"})
    if (choices.flag())
      m.set(std::string("tokenizer.ggml.") + name + "_token_id",
            choices.flag() ? int64_t{choices.take<int32_t>()} : int64_t{choices.take<uint8_t>() % 64});
}

// The bytes, or some of them; merges of what there is; tokens of every kind.
Metadata chosen_byte_vocabulary(Choices& choices) {
  std::vector<std::string> tokens, merges;
  for (size_t byte = 0, left_out = choices.take<uint8_t>() % 3; byte < 256 && left_out < 2; ++byte)
    if (left_out == 0 || byte % 5 != 0) tokens.emplace_back(character_of_byte(static_cast<uint8_t>(byte)));
  std::vector<int64_t> kinds(tokens.size(), 1);
  tokens.emplace_back("<x>");
  kinds.push_back(3);
  for (size_t n = choices.below(40); n > 0; --n) {
    const std::string left = tokens[choices.below(tokens.size())], right = tokens[choices.below(tokens.size())];
    merges.push_back(choices.take<uint8_t>() % 8 == 0 ? std::string(choices.short_text()) : left + " " + right);
    if (!choices.flag()) continue;
    tokens.push_back(choices.flag() ? left + right : std::string(choices.short_text()));
    kinds.push_back(choices.take<uint8_t>() % 8);
  }
  Metadata m;
  m.set("tokenizer.ggml.model", std::string("gpt2"));
  m.set("tokenizer.ggml.tokens", tokens);
  m.set("tokenizer.ggml.token_type", kinds);
  m.set("tokenizer.ggml.merges", merges);
  const auto known = known_pre_tokenizers();
  m.set("tokenizer.ggml.pre", std::string(known[choices.below(known.size())].names[0]));
  choose_ids(choices, m);
  if (choices.flag()) m.set("tokenizer.tritium.ignore_merges", choices.flag());
  if (choices.flag()) m.set("tokenizer.tritium.normalizer", std::vector<std::string>{choices.flag() ? "NFC" : "NFKD"});
  if (choices.flag())
    m.set("tokenizer.tritium.added_tokens",
          std::vector<int64_t>{choices.take<uint8_t>(), choices.take<uint8_t>() % 16});
  return m;
}

Metadata chosen_vocabulary(Choices& choices) {
  constexpr const char* kPieces[] = {"\u2581", "<0x0A>", "<0xFF>", "a", "b", "ab", "<s>", "aa", "\u2581a", ""};
  std::vector<std::string> tokens = {"<unk>"};
  std::vector<double> scores = {0.0};
  std::vector<int64_t> kinds = {2};
  for (size_t n = choices.below(60); n > 0; --n) {
    const uint8_t what = choices.take<uint8_t>();
    tokens.emplace_back(what % 2 == 0 ? std::string_view(kPieces[what / 2 % std::size(kPieces)])
                                      : choices.short_text());
    kinds.push_back(choices.take<uint8_t>() % 8);
    scores.push_back(choices.flag() ? double{choices.take<float>()} : 0.0);
  }
  if (choices.take<uint8_t>() == 0) scores.pop_back();
  Metadata m;
  m.set("tokenizer.ggml.model", std::string("llama"));
  m.set("tokenizer.ggml.tokens", tokens);
  m.set("tokenizer.ggml.scores", scores);
  m.set("tokenizer.ggml.token_type", kinds);
  choose_ids(choices, m);
  if (choices.flag()) m.set("tokenizer.ggml.add_space_prefix", choices.flag());
  return m;
}

}  // namespace

void try_input(std::string_view bytes) {
  Choices choices(bytes);
  const bool of_bytes = choices.flag();
  const auto made = Tokenizer::from_metadata(of_bytes ? chosen_byte_vocabulary(choices) : chosen_vocabulary(choices));
  if (!made.ok()) return;
  const Tokenizer& tokenizer = **made;
  const bool special = choices.flag();
  const std::string_view text = choices.rest();
  const std::vector<int32_t> ids = tokenizer.encode(text, {.parse_special = special});
  for (int32_t id : ids) {
    require(id >= 0 && id < tokenizer.vocab_size(), "a token of a text is in the vocabulary");
    (void)tokenizer.piece(id), (void)tokenizer.bytes_of(id);
  }
  require(ids == tokenizer.encode(text, {.parse_special = special}), "a text has one list of tokens");
  (void)tokenizer.decode(ids);
}

}  // namespace tritium::fuzz
