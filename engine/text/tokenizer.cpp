#include "text/tokenizer.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/cancel.h"
#include "base/format_text.h"
#include "text/byte_pair.h"
#include "text/pre_tokenizer_names.h"
#include "text/sentencepiece.h"
#include "text/streaming_detokenizer.h"
#include "text/tokenizer_keys.h"

namespace tritium {
namespace {

Status bad(std::string_view key, const std::string& problem) {
  return error(StatusCode::corrupt_file, "key tokenizer.ggml.", key, " ", problem);
}

// Pieces with which turns, messages and texts end, in vocabularies whose files do not say so by a key.
constexpr std::array<std::string_view, 14> kEnds = {"<|im_end|>",    "<|eot_id|>",
                                                    "<|eom_id|>",    "<|end|>",
                                                    "<|return|>",    "<|call|>",
                                                    "<end_of_turn>", "<EOT>",
                                                    "<|endofturn|>", "<|end_of_text|>",
                                                    "<|endoftext|>", "<end_of_utterance>",
                                                    "</s>",          "<｜end▁of▁sentence｜>"};

constexpr size_t kLlama3Tokens = 128256;  // whose first conversions named no way to split text

// Whole numbers are scores too.
std::vector<double> reals_of(const Metadata& m, const std::string& key) {
  if (const auto* reals = m.reals(key)) return *reals;
  if (const auto* integers = m.integers(key)) return {integers->begin(), integers->end()};
  return {};
}

// The token ids of a list; what is no token of the vocabulary is left out with a warning.
std::vector<int32_t> ids_of(const Metadata& m, const std::string& key, int64_t vocab_size, OptionalKeys& keys) {
  std::vector<int32_t> ids;
  if (const auto* list = m.integers(key)) {
    for (const int64_t id : *list) {
      if (id >= 0 && id < vocab_size) {
        ids.push_back(static_cast<int32_t>(id));
      } else {
        keys.warn(join("key ", key, " has ", id, ", the vocabulary has ", vocab_size, " tokens: it is left out"));
      }
    }
  } else if (m.contains(key)) {
    keys.warn(join("key ", key, " must be an array of integers: it is ignored"));
  }
  return ids;
}

// Each part cut before its spaces; the prefix is the first word's.
std::vector<TextPart> words_of(std::span<const TextPart> parts) {
  std::vector<TextPart> words;
  for (TextPart part : parts) {
    for (size_t space = part.text.find(' ', 1); part.token < 0 && space != part.text.npos;
         space = part.text.find(' ', 1)) {
      words.push_back({.text = part.text.substr(0, space), .space_prefix = part.space_prefix});
      part = {.text = part.text.substr(space)};
    }
    words.push_back(part);
  }
  return words;
}

struct WordRules {
  std::vector<std::string> patterns;
  bool ignore_merges = false;
  bool add_bos = false;
};

Result<WordRules> named_rules(const std::string& name, bool chosen) {
  const KnownPreTokenizer* known = find_pre_tokenizer(name);
  if (!known)
    return error(chosen ? StatusCode::invalid_argument : StatusCode::unsupported,
                 chosen ? "--pre" : "key tokenizer.ggml.pre", " is \"", name,
                 "\", a way to split text that is not known here; choose one with --pre NAME: ", pre_tokenizer_names());
  WordRules rules{.ignore_merges = known->ignore_merges, .add_bos = known->add_bos};
  for (const std::string_view pattern : known->patterns)
    if (!pattern.empty()) rules.patterns.emplace_back(pattern);
  return rules;
}

Result<WordRules> word_rules(const Metadata& m, size_t vocab_size, const TokenizerOptions& options,
                             OptionalKeys& keys) {
  if (!options.pre.empty()) return named_rules(options.pre, true);
  if (const auto* patterns = m.texts("tokenizer.tritium.patterns")) return WordRules{.patterns = *patterns};
  const std::string* pre = m.text("tokenizer.ggml.pre");
  if (pre && !pre->empty()) return named_rules(*pre, false);
  if (vocab_size == kLlama3Tokens) return named_rules("llama-bpe", false);
  keys.warn("key tokenizer.ggml.pre is missing: text is split as by \"default\"; choose another way with --pre NAME");
  return named_rules("default", false);
}

}  // namespace

Status Tokenizer::read_pieces(const Metadata& m) {
  const auto* pieces = m.texts("tokenizer.ggml.tokens");
  if (!pieces || pieces->empty()) return bad("tokens", "is missing or empty");
  const std::string kinds_key = "tokenizer.ggml.token_type";
  const auto* kinds = m.integers(kinds_key);
  if (m.contains(kinds_key) && !kinds) return bad("token_type", "must be an array of integers");
  if (kinds && kinds->size() != pieces->size())
    return bad("token_type", join("must have ", pieces->size(), " values, has ", kinds->size()));
  table_.pieces = *pieces;
  for (size_t i = 0; i < pieces->size(); ++i) {
    const int64_t kind = kinds ? (*kinds)[i] : 1;
    table_.kinds.push_back(kind >= 1 && kind <= 6 ? static_cast<TokenKind>(kind) : TokenKind::normal);
  }
  return Status();
}

Status Tokenizer::read_sentencepiece(const Metadata& m) {
  const std::vector<double> values = reals_of(m, "tokenizer.ggml.scores");
  if (values.size() != table_.pieces.size())
    return bad("scores", join("must have ", table_.pieces.size(), " values, has ", values.size()));
  std::vector<float> scores;
  for (size_t i = 0; i < values.size(); ++i) {
    if (std::isnan(values[i])) return bad("scores", join("[", i, "] is not a number"));
    scores.push_back(static_cast<float>(values[i]));
  }
  SentencePiece::fill_bytes(table_);
  encoder_ = std::make_unique<SentencePiece>(table_, std::move(scores), unknown_);
  return Status();
}

Status Tokenizer::read_byte_pair(const Metadata& m, const TokenizerOptions& options, OptionalKeys& keys) {
  const auto* merges = m.texts("tokenizer.ggml.merges");
  if (!merges) return bad("merges", "is missing or no array of texts");
  Result<WordRules> rules = word_rules(m, table_.pieces.size(), options, keys);
  if (!rules.ok()) return rules.status();
  if (const auto ignore = m.boolean("tokenizer.tritium.ignore_merges")) rules->ignore_merges = *ignore;
  add_bos_default_ = rules->add_bos;
  longest_first_ = !m.contains("tokenizer.tritium.added_tokens");
  Result<PreTokenizer> words = PreTokenizer::make(rules->patterns, m.contains("tokenizer.tritium.patterns"));
  if (!words.ok()) return words.status();
  BytePair::fill_bytes(table_);
  auto encoder = std::make_unique<BytePair>(table_, *merges, *std::move(words), rules->ignore_merges);
  if (encoder->broken_merges() > 0)
    keys.warn(join("key tokenizer.ggml.merges: ", encoder->broken_merges(), " of ", merges->size(),
                   " entries are not two parts with a space between them, and are ignored"));
  encoder_ = std::move(encoder);
  return Status();
}

Status Tokenizer::read_normalizer(const Metadata& m) {
  const std::string key = "tokenizer.tritium.normalizer";
  const auto* steps = m.texts(key);
  if (!steps) return Status();
  Result<Normalizer> made = Normalizer::make(*steps);
  if (!made.ok()) return made.status().within("key " + key);
  normalizer_ = *std::move(made);
  return Status();
}

void Tokenizer::read_ends(const Metadata& m, OptionalKeys& keys) {
  ends_ = ids_of(m, "tokenizer.tritium.end_token_ids", vocab_size(), keys);
  if (eos_ >= 0) ends_.push_back(eos_);
  for (const char* key : {"eot_token_id", "eom_token_id", "fim_pad_token_id", "fim_rep_token_id", "fim_sep_token_id"})
    ends_.push_back(keys.token(key, table_.pieces.size()));
  for (size_t i = 0; i < table_.pieces.size(); ++i) {
    if (table_.kinds[i] != TokenKind::control && table_.kinds[i] != TokenKind::user_defined) continue;
    if (std::ranges::find(kEnds, std::string_view(table_.pieces[i])) != kEnds.end())
      ends_.push_back(static_cast<int32_t>(i));
  }
  std::ranges::sort(ends_);
}

void Tokenizer::read_options(const Metadata& m, OptionalKeys& keys) {
  const bool byte_level = *m.text("tokenizer.ggml.model") == "gpt2";
  if (keys.boolean("add_bos_token", add_bos_default_) && bos_ >= 0) before_ = {bos_};
  // Of byte-level vocabularies the files' key means nothing.
  add_space_prefix_ = byte_level ? m.boolean("tokenizer.tritium.add_prefix_space").value_or(false)
                                 : keys.boolean("add_space_prefix", true);
  prefix_if_missing_ = m.boolean("tokenizer.tritium.prefix_if_missing").value_or(false);
  prefix_once_ = m.boolean("tokenizer.tritium.prefix_once").value_or(false);
  split_at_spaces_ = m.boolean("tokenizer.tritium.split_at_spaces").value_or(false);
  if (keys.boolean("add_eos_token", false)) {
    if (eos_ >= 0) after_ = {eos_};
    keys.warn(
        "key tokenizer.ggml.add_eos_token is true: an end token is put after a whole text, not after one that is to go "
        "on");
  }
  if (m.contains("tokenizer.tritium.tokens_before"))
    before_ = ids_of(m, "tokenizer.tritium.tokens_before", vocab_size(), keys);
  if (m.contains("tokenizer.tritium.tokens_after"))
    after_ = ids_of(m, "tokenizer.tritium.tokens_after", vocab_size(), keys);
}

// tokenizer.tritium.added_tokens: pairs of an id and its flags.
void Tokenizer::find_special(const Metadata& m, OptionalKeys& keys) {
  std::vector<uint8_t> flags(table_.pieces.size());
  const auto* pairs = m.integers("tokenizer.tritium.added_tokens");
  if (pairs)
    for (size_t i = 0; i + 1 < pairs->size(); i += 2)
      if ((*pairs)[i] >= 0 && (*pairs)[i] < vocab_size())
        flags[static_cast<size_t>((*pairs)[i])] = static_cast<uint8_t>((*pairs)[i + 1]);
  std::vector<SpecialToken> first, second;
  int64_t too_long = 0;
  for (size_t i = 0; i < table_.pieces.size(); ++i) {
    const TokenKind kind = table_.kinds[i];
    const bool named = kind == TokenKind::control || (kind == TokenKind::unknown && (longest_first_ || pairs));
    if (!named && kind != TokenKind::user_defined) continue;
    if (table_.pieces[i].size() > SpecialTokens::kLongest) ++too_long;
    const auto flag = [&](AddedTokenFlag f) { return (flags[i] & f) != 0; };
    SpecialToken token = {.piece = table_.pieces[i],
                          .id = static_cast<int32_t>(i),
                          .control = named,
                          .strip_left = flag(kStripLeft),
                          .strip_right = flag(kStripRight),
                          .single_word = flag(kSingleWord)};
    const bool after = flag(kNormalized) && !normalizer_.empty();
    if (after) token.piece = changed_pieces_.emplace_back(normalizer_(token.piece));
    (after ? second : first).push_back(token);
  }
  special_ = SpecialTokens(std::move(first));
  special_after_ = SpecialTokens(std::move(second));
  if (too_long > 0)
    keys.warn(join(too_long, " special tokens have more than ", SpecialTokens::kLongest,
                   " bytes and are not looked for in texts"));
}

Result<std::shared_ptr<const Tokenizer>> Tokenizer::from_metadata(const Metadata& m, const TokenizerOptions& options) {
  const std::string* model = m.text("tokenizer.ggml.model");
  if (!model) return error(StatusCode::unsupported, "the file has no tokenizer (key tokenizer.ggml.model)");
  if (*model != "llama" && *model != "gpt2")
    return error(StatusCode::unsupported, "tokenizer \"", *model,
                 "\" is not supported; supported: llama (SentencePiece BPE), gpt2 (byte-level BPE)");
  if (Status s = refuse_keys(m, "", tokenizer_keys()); !s.ok()) return s;
  OptionalKeys keys(m);
  auto t = std::make_shared<Tokenizer>();
  if (Status s = t->read_pieces(m); !s.ok()) return s;
  if (Status s = t->read_normalizer(m); !s.ok()) return s;
  const size_t n = t->table_.pieces.size();
  t->bos_ = keys.token("bos_token_id", n);
  t->eos_ = keys.token("eos_token_id", n);
  t->unknown_ = keys.token("unknown_token_id", n);
  if (Status s = *model == "llama" ? t->read_sentencepiece(m) : t->read_byte_pair(m, options, keys); !s.ok()) return s;
  t->read_options(m, keys);
  t->read_ends(m, keys);
  constexpr std::string_view kFamily[] = {"tokenizer."};
  keys.warn(ignored_keys(unknown_keys(m, "", tokenizer_keys(), kFamily)));
  t->find_special(m, keys);
  t->warnings_ = keys.take_warnings();
  return std::shared_ptr<const Tokenizer>(std::move(t));
}

Result<std::shared_ptr<const Tokenizer>> Tokenizer::for_model(const Metadata& metadata, int64_t vocab_size,
                                                              const TokenizerOptions& options) {
  Result<std::shared_ptr<const Tokenizer>> tokenizer = from_metadata(metadata, options);
  if (tokenizer.ok() && (*tokenizer)->vocab_size() > vocab_size)
    return error(StatusCode::corrupt_file, "the tokenizer has ", (*tokenizer)->vocab_size(), " tokens, the model ",
                 vocab_size, "; it is another model's tokenizer");
  return tokenizer;
}

bool Tokenizer::ends_generation(int32_t token) const { return token >= 0 && std::ranges::binary_search(ends_, token); }

bool Tokenizer::sampleable(int32_t token) const {
  return table_.contains(token) && table_.kinds[static_cast<size_t>(token)] != TokenKind::unused;
}

std::string_view Tokenizer::piece(int32_t token) const {
  return table_.contains(token) ? std::string_view(table_.pieces[static_cast<size_t>(token)]) : std::string_view();
}

std::string_view Tokenizer::bytes_of(int32_t token) const {
  return table_.contains(token) ? std::string_view(table_.bytes[static_cast<size_t>(token)]) : std::string_view();
}

int64_t Tokenizer::text_bytes(int32_t previous, int32_t token) const {
  const std::string_view bytes = bytes_of(token);
  const TokenKind kind = table_.contains(previous) ? table_.kinds[static_cast<size_t>(previous)] : TokenKind::control;
  const bool special = kind == TokenKind::control || kind == TokenKind::user_defined;
  const bool after_prefix = prefix_once_ ? previous < 0 || previous == bos_ : special;
  return std::ssize(bytes) - (add_space_prefix_ && after_prefix && bytes.starts_with(' ') ? 1 : 0);
}

int64_t Tokenizer::bytes_after_first(std::string_view text, int32_t first) const {
  const bool as_it_stands = prefix_if_missing_ && text.starts_with(' ');
  return std::ssize(text) - (as_it_stands ? std::ssize(bytes_of(first)) : text_bytes(-1, first));
}

// `changed` holds what the normalizer wrote; room for it is made before, since the parts lie within.
std::vector<TextPart> Tokenizer::cut(std::string_view text, bool parse_special,
                                     std::vector<std::string>& changed) const {
  std::vector<TextPart> parts;
  if (longest_first_) {
    special_.cut_longest_first(text, parse_special, parts);
  } else {
    special_.cut_from_left(text, parse_special, parts);
  }
  if (normalizer_.empty()) return parts;
  std::vector<TextPart> result;
  changed.reserve(parts.size());
  for (const TextPart& part : parts) {
    if (part.token >= 0) {
      result.push_back(part);
    } else {
      changed.push_back(normalizer_(part.text));
      special_after_.cut_from_left(changed.back(), parse_special, result);
    }
  }
  return result;
}

std::vector<int32_t> Tokenizer::encode(std::string_view text, const EncodeOptions& options) const {
  std::vector<int32_t> out;
  if (options.add_bos.value_or(!before_.empty())) {
    if (!before_.empty()) {
      out = before_;
    } else if (bos_ >= 0) {
      out.push_back(bos_);
    }
  }
  std::vector<std::string> changed;
  std::vector<TextPart> parts = cut(text, options.parse_special, changed);
  if (options.bos_once && out.size() == 1 && !parts.empty() && parts.front().token == out.front()) out.clear();
  bool space_prefix = add_space_prefix_ && !options.continues;
  for (TextPart& part : parts) {
    part.space_prefix = space_prefix && !(prefix_if_missing_ && part.text.starts_with(' '));
    space_prefix = add_space_prefix_ && !prefix_once_;
  }
  encoder_->encode(split_at_spaces_ ? words_of(parts) : parts, out);
  if (options.add_eos) out.insert(out.end(), after_.begin(), after_.end());
  return out;
}

int32_t Tokenizer::control_token(std::string_view piece) const {
  for (int32_t token = 0; token < vocab_size(); ++token)
    if (table_.kinds[static_cast<size_t>(token)] == TokenKind::control && this->piece(token) == piece) return token;
  return -1;
}

std::string Tokenizer::decode(std::span<const int32_t> tokens, bool show_control) const {
  StreamingDetokenizer stream(*this);
  std::string text;
  for (size_t i = 0; i < tokens.size(); ++i) {
    check_cancelled_every<4096>(i);
    if (show_control && is_control(tokens[i])) {
      text += stream.flush();
      text += piece(tokens[i]);
    } else {
      text += stream.push(tokens[i]);
    }
  }
  return text + stream.flush();
}

}  // namespace tritium
