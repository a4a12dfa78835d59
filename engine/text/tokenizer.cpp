#include "text/tokenizer.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <queue>

#include "base/cancel.h"
#include "base/format_text.h"
#include "text/streaming_detokenizer.h"
#include "text/tokenizer_keys.h"
#include "text/utf8.h"

namespace tritium {
namespace {

constexpr std::string_view kSpaceMark = "\xE2\x96\x81";  // U+2581

std::string with_spaces(std::string_view piece) {
  std::string text;
  for (size_t i = 0; i < piece.size();) {
    if (piece.substr(i).starts_with(kSpaceMark)) {
      text += ' ';
      i += kSpaceMark.size();
    } else {
      text += piece[i++];
    }
  }
  return text;
}

// "<0x0A>" -> 10; -1 for anything else.
int byte_of_piece(std::string_view piece) {
  if (piece.size() != 6 || !piece.starts_with("<0x") || piece.back() != '>') return -1;
  int value = -1;
  const auto [end, problem] = std::from_chars(piece.data() + 3, piece.data() + 5, value, 16);
  return problem == std::errc() && end == piece.data() + 5 ? value : -1;
}

Status bad(std::string_view key, const std::string& problem) {
  return error(StatusCode::corrupt_file, "key tokenizer.ggml.", key, " ", problem);
}

// Pieces with which turns, messages and texts end, in vocabularies whose files do not say so by a key.
constexpr std::array<std::string_view, 12> kEnds = {
    "<|im_end|>",    "<|eot_id|>", "<|eom_id|>",    "<|end|>",         "<|return|>",    "<|call|>",
    "<end_of_turn>", "<EOT>",      "<|endofturn|>", "<|end_of_text|>", "<|endoftext|>", "<end_of_utterance>"};

// Whole numbers are scores too.
std::vector<double> reals_of(const Metadata& m, const std::string& key) {
  if (const auto* reals = m.reals(key)) return *reals;
  if (const auto* integers = m.integers(key)) return {integers->begin(), integers->end()};
  return {};
}

}  // namespace

Status Tokenizer::read_pieces(const Metadata& m) {
  const auto* pieces = m.texts("tokenizer.ggml.tokens");
  if (!pieces || pieces->empty()) return bad("tokens", "is missing or empty");
  const std::vector<double> scores = reals_of(m, "tokenizer.ggml.scores");
  if (scores.size() != pieces->size())
    return bad("scores", join("must have ", pieces->size(), " values, has ", scores.size()));
  const std::string kinds_key = "tokenizer.ggml.token_type";
  const auto* kinds = m.integers(kinds_key);
  if (m.contains(kinds_key) && !kinds) return bad("token_type", "must be an array of integers");
  if (kinds && kinds->size() != pieces->size())
    return bad("token_type", join("must have ", pieces->size(), " values, has ", kinds->size()));
  pieces_ = *pieces;
  for (size_t i = 0; i < pieces_.size(); ++i) {
    if (std::isnan(scores[i])) return bad("scores", join("[", i, "] is not a number"));
    scores_.push_back(static_cast<float>(scores[i]));
    const int64_t kind = kinds ? (*kinds)[i] : 1;
    kinds_.push_back(kind >= 1 && kind <= 6 ? static_cast<Kind>(kind) : Kind::normal);
  }
  return Status();
}

void Tokenizer::read_options(const Metadata& m) {
  OptionalKeys keys(m);
  bos_ = keys.token("bos_token_id", pieces_.size());
  eos_ = keys.token("eos_token_id", pieces_.size());
  unknown_ = keys.token("unknown_token_id", pieces_.size());
  add_bos_ = keys.boolean("add_bos_token", true) && bos_ >= 0;
  add_space_prefix_ = keys.boolean("add_space_prefix", true);
  if (keys.boolean("add_eos_token", false))
    keys.warn("key tokenizer.ggml.add_eos_token is true: no end token is put after a text, which is to go on");
  ends_ = {eos_};
  for (const char* key : {"eot_token_id", "eom_token_id", "fim_pad_token_id", "fim_rep_token_id", "fim_sep_token_id"})
    ends_.push_back(keys.token(key, pieces_.size()));
  constexpr std::string_view kFamily[] = {"tokenizer."};
  keys.warn(ignored_keys(unknown_keys(m, "", tokenizer_keys(), kFamily)));
  const auto too_long = std::ranges::count_if(pieces_, [&](const std::string& piece) {
    const Kind kind = kinds_[static_cast<size_t>(&piece - pieces_.data())];
    return (kind == Kind::control || kind == Kind::user_defined) && piece.size() > SpecialTokens::kLongest;
  });
  if (too_long > 0)
    keys.warn(join(too_long, " special tokens have more than ", SpecialTokens::kLongest,
                   " bytes and are not looked for in texts"));
  warnings_ = keys.take_warnings();
}

void Tokenizer::index_pieces() {
  byte_tokens_.fill(-1);
  neighbours_.resize(256 * 256);
  std::vector<SpecialToken> special;
  for (size_t i = 0; i < pieces_.size(); ++i) {
    const auto id = static_cast<int32_t>(i);
    const Kind kind = kinds_[i];
    const std::string& piece = pieces_[i];
    const int byte = kind == Kind::byte ? byte_of_piece(piece) : -1;
    if (byte >= 0) byte_tokens_[static_cast<size_t>(byte)] = id;
    bytes_.push_back(byte >= 0        ? std::string(1, static_cast<char>(byte))
                     : is_control(id) ? std::string()
                                      : with_spaces(piece));
    if (kind == Kind::normal || kind == Kind::user_defined) {
      id_of_.emplace(piece, id);
      for (size_t at = 1; at < piece.size(); ++at)
        neighbours_[256 * static_cast<uint8_t>(piece[at - 1]) + static_cast<uint8_t>(piece[at])] = true;
    }
    if (kind != Kind::control && kind != Kind::user_defined) continue;
    special.push_back({piece, id, kind == Kind::control});
    if (std::ranges::find(kEnds, std::string_view(piece)) != kEnds.end()) ends_.push_back(id);
  }
  special_ = SpecialTokens(std::move(special));
  std::ranges::sort(ends_);
}

Result<std::shared_ptr<const Tokenizer>> Tokenizer::from_metadata(const Metadata& m) {
  const std::string* model = m.text("tokenizer.ggml.model");
  if (!model) return error(StatusCode::unsupported, "the file has no tokenizer (key tokenizer.ggml.model)");
  if (*model != "llama")
    return error(StatusCode::unsupported, "tokenizer \"", *model,
                 "\" is not supported; supported: llama (SentencePiece BPE)");
  if (Status s = refuse_keys(m, "", tokenizer_keys()); !s.ok()) return s;
  auto t = std::make_shared<Tokenizer>();
  if (Status s = t->read_pieces(m); !s.ok()) return s;
  t->read_options(m);
  t->index_pieces();
  return std::shared_ptr<const Tokenizer>(std::move(t));
}

Result<std::shared_ptr<const Tokenizer>> Tokenizer::for_model(const Metadata& metadata, int64_t vocab_size) {
  Result<std::shared_ptr<const Tokenizer>> tokenizer = from_metadata(metadata);
  if (tokenizer.ok() && (*tokenizer)->vocab_size() > vocab_size)
    return error(StatusCode::corrupt_file, "the tokenizer has ", (*tokenizer)->vocab_size(), " tokens, the model ",
                 vocab_size, "; it is another model's tokenizer");
  return tokenizer;
}

bool Tokenizer::is_control(int32_t token) const {
  if (token < 0 || token >= vocab_size()) return true;
  const Kind kind = kinds_[static_cast<size_t>(token)];
  return kind == Kind::control || kind == Kind::unknown || kind == Kind::unused;
}

bool Tokenizer::ends_generation(int32_t token) const { return token >= 0 && std::ranges::binary_search(ends_, token); }

std::string_view Tokenizer::piece(int32_t token) const {
  return token < 0 || token >= vocab_size() ? std::string_view() : pieces_[static_cast<size_t>(token)];
}

std::string_view Tokenizer::bytes_of(int32_t token) const {
  return token < 0 || token >= vocab_size() ? std::string_view() : bytes_[static_cast<size_t>(token)];
}

void Tokenizer::append_bytes(std::string_view text, std::vector<int32_t>& out) const {
  for (char c : text) {
    const int32_t token = byte_tokens_[static_cast<uint8_t>(c)];
    if (token >= 0) {
      out.push_back(token);
    } else if (unknown_ >= 0) {
      out.push_back(unknown_);
    }
  }
}

namespace {

struct Merge {
  float score;
  int left;
  int right;
  size_t bytes;  // of both: a merge is stale when either has grown or gone

  // Highest score first, then leftmost.
  bool operator<(const Merge& other) const {
    return score < other.score || (score == other.score && left > other.left);
  }
};

}  // namespace

bool Tokenizer::may_be_neighbours(char left, char right) const {
  return neighbours_[256 * static_cast<uint8_t>(left) + static_cast<uint8_t>(right)];
}

// A text is merged a stretch at a time: between two bytes that are side by side in no piece nothing can be merged, so
// that the tokens are those of the text as a whole, and the memory that symbols and merges take stays small.
void Tokenizer::encode_symbols(std::string_view text, std::vector<int32_t>& out) const {
  constexpr size_t kStretch = 4096;          // symbols from which on such a place is looked for
  constexpr size_t kMost = size_t{1} << 30;  // symbols are numbered by an int
  std::vector<Symbol> symbols;
  for (size_t at = 0; at < text.size();) {
    check_cancelled_every<4096>(symbols.size());
    const size_t n = utf8_length(text.substr(at));
    const bool apart = at > 0 && !may_be_neighbours(text[at - 1], text[at]);
    if ((symbols.size() >= kStretch && apart) || symbols.size() == kMost) {
      merge_symbols(symbols, out);
      symbols.clear();
    }
    const int index = static_cast<int>(symbols.size());
    symbols.push_back({text.substr(at, n), index - 1, index + 1});
    at += n;
  }
  merge_symbols(symbols, out);
}

void Tokenizer::merge_symbols(std::vector<Symbol>& symbols, std::vector<int32_t>& out) const {
  if (symbols.empty()) return;
  symbols.back().next = -1;

  std::priority_queue<Merge> merges;
  const auto propose = [&](int left, int right) {
    if (left < 0 || right < 0) return;
    const std::string_view a = symbols[static_cast<size_t>(left)].text, b = symbols[static_cast<size_t>(right)].text;
    const std::string_view both(a.data(), a.size() + b.size());  // neighbours lie side by side in the text
    if (const auto it = id_of_.find(both); it != id_of_.end())
      merges.push({scores_[static_cast<size_t>(it->second)], left, right, both.size()});
  };
  for (size_t i = 1; i < symbols.size(); ++i) {
    check_cancelled_every<4096>(i);
    propose(static_cast<int>(i) - 1, static_cast<int>(i));
  }
  while (!merges.empty()) {
    check_cancelled_every<4096>(merges.size());
    const Merge m = merges.top();
    merges.pop();
    Symbol& left = symbols[static_cast<size_t>(m.left)];
    Symbol& right = symbols[static_cast<size_t>(m.right)];
    if (left.text.empty() || right.text.empty() || left.text.size() + right.text.size() != m.bytes) continue;
    left.text = {left.text.data(), m.bytes};
    right.text = {};
    left.next = right.next;
    if (right.next >= 0) symbols[static_cast<size_t>(right.next)].previous = m.left;
    propose(left.previous, m.left);
    propose(m.left, left.next);
  }
  for (const Symbol& s : symbols) {
    if (s.text.empty()) continue;
    const auto it = id_of_.find(s.text);
    if (it != id_of_.end()) {
      out.push_back(it->second);
    } else {
      append_bytes(s.text, out);
    }
  }
}

void Tokenizer::encode_part(std::string_view text, bool space_prefix, std::vector<int32_t>& out) const {
  if (text.empty()) return;
  std::string normalized(space_prefix ? kSpaceMark : std::string_view());
  for (char c : text) {
    if (c == ' ') {
      normalized += kSpaceMark;
    } else {
      normalized += c;
    }
  }
  encode_symbols(normalized, out);
}

std::vector<int32_t> Tokenizer::encode(std::string_view text, const EncodeOptions& options) const {
  std::vector<int32_t> out;
  if (options.add_bos.value_or(add_bos_) && bos_ >= 0) out.push_back(bos_);
  size_t part = 0;
  bool space_prefix = add_space_prefix_ && !options.continues;
  for (size_t at = 0; at < text.size() && !special_.empty();) {
    check_cancelled_every<4096>(at);
    const SpecialToken* token = special_.longest_at(text.substr(at), options.parse_special);
    if (!token) {
      ++at;
      continue;
    }
    encode_part(text.substr(part, at - part), space_prefix, out);
    out.push_back(token->id);
    space_prefix = add_space_prefix_;
    at += token->piece.size();
    part = at;
  }
  encode_part(text.substr(part), space_prefix, out);
  return out;
}

std::string Tokenizer::decode(std::span<const int32_t> tokens) const {
  StreamingDetokenizer stream(*this);
  std::string text;
  for (int32_t token : tokens) text += stream.push(token);
  return text + stream.flush();
}

}  // namespace tritium
