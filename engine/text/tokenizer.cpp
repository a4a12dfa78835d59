#include "text/tokenizer.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>
#include <queue>
#include <set>

#include "base/cancel.h"
#include "base/format_text.h"
#include "text/streaming_detokenizer.h"
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

Result<int32_t> special_id(const Metadata& m, const std::string& key, size_t vocab_size) {
  const std::string full = "tokenizer.ggml." + key;
  if (!m.contains(full)) return -1;
  const auto id = m.integer(full);
  if (!id || *id >= static_cast<int64_t>(vocab_size))
    return bad(key, join("is ", id.value_or(-1), ", the vocabulary has ", vocab_size, " tokens"));
  return static_cast<int32_t>(std::max<int64_t>(-1, *id));
}

}  // namespace

Result<std::shared_ptr<const Tokenizer>> Tokenizer::from_metadata(const Metadata& m) {
  const std::string* model = m.text("tokenizer.ggml.model");
  if (!model) return error(StatusCode::unsupported, "the file has no tokenizer (key tokenizer.ggml.model)");
  if (*model != "llama")
    return error(StatusCode::unsupported, "tokenizer \"", *model,
                 "\" is not supported; supported: llama (SentencePiece BPE)");
  const auto* pieces = m.texts("tokenizer.ggml.tokens");
  if (!pieces || pieces->empty()) return bad("tokens", "is missing or empty");
  const auto* scores = m.reals("tokenizer.ggml.scores");
  if (!scores || scores->size() != pieces->size())
    return bad("scores", join("must have ", pieces->size(), " values, has ", scores ? scores->size() : 0));
  const auto* kinds = m.integers("tokenizer.ggml.token_type");
  if (kinds && kinds->size() != pieces->size())
    return bad("token_type", join("must have ", pieces->size(), " values, has ", kinds->size()));

  auto t = std::make_shared<Tokenizer>();
  for (auto [id, key] :
       {std::pair{&t->bos_, "bos_token_id"}, {&t->eos_, "eos_token_id"}, {&t->unknown_, "unknown_token_id"}}) {
    const Result<int32_t> value = special_id(m, key, pieces->size());
    if (!value.ok()) return value.status();
    *id = *value;
  }
  t->add_bos_ = m.boolean("tokenizer.ggml.add_bos_token").value_or(true) && t->bos_ >= 0;
  t->add_space_prefix_ = m.boolean("tokenizer.ggml.add_space_prefix").value_or(true);
  t->pieces_ = *pieces;
  t->byte_tokens_.fill(-1);
  std::set<size_t, std::greater<>> lengths;
  for (size_t i = 0; i < pieces->size(); ++i) {
    if (std::isnan((*scores)[i])) return bad("scores", join("[", i, "] is not a number"));
    t->scores_.push_back(static_cast<float>((*scores)[i]));
    const int64_t kind = kinds ? (*kinds)[i] : 1;
    t->kinds_.push_back(kind >= 1 && kind <= 6 ? static_cast<Kind>(kind) : Kind::normal);
    const auto id = static_cast<int32_t>(i);
    const int byte = t->kinds_[i] == Kind::byte ? byte_of_piece(t->pieces_[i]) : -1;
    if (byte >= 0) {
      t->byte_tokens_[static_cast<size_t>(byte)] = id;
      t->bytes_.emplace_back(1, static_cast<char>(byte));
    } else {
      t->bytes_.push_back(t->is_control(id) ? std::string() : with_spaces(t->pieces_[i]));
    }
    const Kind k = t->kinds_[i];
    if (k == Kind::normal || k == Kind::user_defined) t->id_of_.emplace(t->pieces_[i], id);
    if ((k == Kind::control || k == Kind::user_defined) && !t->pieces_[i].empty()) {
      t->special_.emplace(t->pieces_[i], id);
      lengths.insert(t->pieces_[i].size());
    }
  }
  t->special_lengths_.assign(lengths.begin(), lengths.end());
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

// A run of the text that is one token so far; a doubly linked list through the vector.
struct Symbol {
  std::string_view text;  // empty: merged into the one before
  int previous;
  int next;
};

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

void Tokenizer::encode_symbols(std::string_view text, std::vector<int32_t>& out) const {
  std::vector<Symbol> symbols;
  for (size_t at = 0; at < text.size();) {
    check_cancelled_every<4096>(symbols.size());
    const size_t n = utf8_length(text.substr(at));
    const int index = static_cast<int>(symbols.size());
    symbols.push_back({text.substr(at, n), index - 1, index + 1});
    at += n;
  }
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

int32_t Tokenizer::special_at(std::string_view text, bool control_too) const {
  for (size_t length : special_lengths_) {
    if (length > text.size()) continue;
    const auto it = special_.find(text.substr(0, length));
    if (it == special_.end()) continue;
    if (control_too || kinds_[static_cast<size_t>(it->second)] == Kind::user_defined) return it->second;
  }
  return -1;
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
  for (size_t at = 0; at < text.size() && !special_lengths_.empty();) {
    check_cancelled_every<4096>(at);
    const int32_t token = special_at(text.substr(at), options.parse_special);
    if (token < 0) {
      ++at;
      continue;
    }
    encode_part(text.substr(part, at - part), space_prefix, out);
    out.push_back(token);
    space_prefix = add_space_prefix_;
    at += pieces_[static_cast<size_t>(token)].size();
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
