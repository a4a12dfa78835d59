#include "text/hf_tokenizer.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <unordered_map>
#include <vector>

#include "base/cancel.h"
#include "base/format_text.h"
#include "base/git_lfs.h"
#include "base/json.h"
#include "text/hf_pipeline.h"
#include "text/token_table.h"
#include "text/tokenizer_keys.h"

namespace tritium {
namespace {

constexpr int64_t kMostTokens = int64_t{1} << 24;
constexpr int64_t kManyTokens = int64_t{1} << 20;  // more ids are for files that have about as many

Status bad(const auto&... parts) { return error(StatusCode::corrupt_file, parts...); }

// The folder's files as trees; null: not there.
struct Files {
  Json tokenizer;
  Json tokenizer_config;
  Json special_tokens_map;
  Json generation_config;
  Json config;
};

Status parse(const char* name, const std::optional<std::string>& text, Json& out) {
  if (!text) return Status();
  if (begins_lfs_pointer(*text)) return bad(name, ": ", kLfsAdvice);
  Result<Json> tree = parse_json(*text);
  if (!tree.ok()) return tree.status().within(name);
  if (!tree->object()) return bad(name, ": must be an object, is ", tree->kind());
  out = *std::move(tree);
  return Status();
}

std::string text_at(const Json& node, std::string_view name) {
  const Json* value = node.find(name);
  return value && value->text() ? *value->text() : std::string();
}

std::optional<bool> flag_at(const Json& node, std::string_view name) {
  const Json* value = node.find(name);
  return value && value->boolean() ? std::optional(*value->boolean()) : std::nullopt;
}

std::optional<int64_t> integer_at(const Json& node, std::string_view name) {
  const Json* value = node.find(name);
  return value && value->integer() ? std::optional(*value->integer()) : std::nullopt;
}

struct Token {
  std::string text;
  TokenKind kind = TokenKind::unused;
};

// By id; those that nothing names keep an empty text.
class Tokens {
 public:
  Status set(int64_t id, std::string text, TokenKind kind, const std::string& field) {
    if (id < 0 || id >= kMostTokens) return bad("tokenizer.json: ", field, " has the id ", id, ", which cannot be");
    if (id >= size()) all_.resize(static_cast<size_t>(id) + 1);
    ids_[text] = id;
    all_[static_cast<size_t>(id)] = {std::move(text), kind};
    return Status();
  }
  // nullopt: no token is written so.
  std::optional<int64_t> find(const std::string& text) const {
    const auto it = ids_.find(text);
    return it == ids_.end() ? std::nullopt : std::optional(it->second);
  }
  int64_t size() const { return static_cast<int64_t>(all_.size()); }
  Token& operator[](int64_t id) { return all_[static_cast<size_t>(id)]; }
  // Rows of the model beyond the vocabulary, and gaps in it.
  Status pad(int64_t vocab_size) {
    if (vocab_size > size() && vocab_size <= kMostTokens) all_.resize(static_cast<size_t>(vocab_size));
    if (size() > kManyTokens && size() > 4 * static_cast<int64_t>(ids_.size()))
      return bad("tokenizer.json: there are ids up to ", size() - 1, ", but ", ids_.size(), " tokens: it is damaged");
    for (size_t i = 0; i < all_.size(); ++i)
      if (all_[i].kind == TokenKind::unused) all_[i].text = join("[PAD", i, "]");
    return Status();
  }

 private:
  std::vector<Token> all_;
  std::unordered_map<std::string, int64_t> ids_;
};

// Reads the files into metadata, field by field.
class Reader {
 public:
  explicit Reader(Files files, std::string chat_template, bool has_template)
      : files_(std::move(files)), chat_template_(std::move(chat_template)), has_template_(has_template) {}

  Result<Metadata> read() {
    for (Status (Reader::*step)() : {&Reader::read_model, &Reader::read_added_tokens, &Reader::read_merges}) {
      if (Status s = (this->*step)(); !s.ok()) return s;
    }
    write_pipeline();
    read_ends();
    read_special();
    write_surroundings();
    if (Status s = pad_tokens(); !s.ok()) return s;
    write_tokens();
    read_chat_templates();
    return std::move(out_);
  }

 private:
  Status read_model();
  Status read_vocabulary(const Json& vocabulary, bool byte_fallback);
  Status read_added_tokens();
  Status add_token(int64_t id, const Json& token, const std::string& field);
  Status read_merges();
  void write_pipeline();
  void read_special();
  void read_ends();
  void write_surroundings();
  Status pad_tokens();
  void write_tokens();
  void read_chat_templates();
  std::optional<int64_t> named_token(std::string_view name) const;
  bool byte_level() const { return pipeline_.byte_level; }
  void set(const std::string& key, MetadataValue value) { out_.set("tokenizer." + key, std::move(value)); }

  Files files_;
  std::string chat_template_;
  bool has_template_;
  HfPipeline pipeline_;
  const Json* model_ = nullptr;
  Tokens tokens_;
  std::vector<int64_t> added_;  // pairs of an id and its flags
  std::vector<std::string> merges_;
  std::vector<int64_t> ends_;
  std::optional<int64_t> bos_, eos_;
  Metadata out_;
};

Status Reader::read_model() {
  model_ = files_.tokenizer.find("model");
  if (!model_ || !model_->object()) return bad("tokenizer.json: model is missing or no object");
  std::string type = text_at(*model_, "type");
  if (type.empty() && model_->find("merges")) type = "BPE";
  if (type != "BPE")
    return error(StatusCode::unsupported, "tokenizer.json: model.type is \"", type,
                 "\", which is not supported; supported: BPE, of bytes or with byte_fallback");
  for (const char* affix : {"continuing_subword_prefix", "end_of_word_suffix"})
    if (const std::string text = text_at(*model_, affix); !text.empty())
      return error(StatusCode::unsupported, "tokenizer.json: model.", affix, " is \"", text,
                   "\", which is not supported");
  Result<HfPipeline> pipeline = hf_pipeline(files_.tokenizer);
  if (!pipeline.ok()) return pipeline.status();
  pipeline_ = *std::move(pipeline);
  const bool byte_fallback = flag_at(*model_, "byte_fallback").value_or(false);
  if (!byte_level() && !pipeline_.space_mark)
    return error(StatusCode::unsupported,
                 "tokenizer.json: neither does the pre_tokenizer have a ByteLevel, nor become "
                 "spaces U+2581: such a vocabulary of characters is not supported");
  if (!byte_level() && !pipeline_.patterns.empty())
    return error(StatusCode::unsupported, "tokenizer.json: pre_tokenizer splits text by \"", pipeline_.patterns[0],
                 "\", which is supported only with a ByteLevel");
  const Json* vocabulary = model_->find("vocab");
  if (!vocabulary || !vocabulary->object()) return bad("tokenizer.json: model.vocab is missing or no object");
  return read_vocabulary(*vocabulary, byte_fallback);
}

Status Reader::read_vocabulary(const Json& vocabulary, bool byte_fallback) {
  const auto is_byte = [&](const std::string& text) {
    return byte_fallback && text.size() == 6 && text.starts_with("<0x") && text.back() == '>';
  };
  for (const Json::Member& member : *vocabulary.object()) {
    if (!member.value.integer())
      return bad("tokenizer.json: model.vocab: the id of ", json_quoted(member.name), " is ", member.value.kind());
    const TokenKind kind = is_byte(member.name) ? TokenKind::byte : TokenKind::normal;
    if (Status s = tokens_.set(*member.value.integer(), member.name, kind, "model.vocab"); !s.ok()) return s;
  }
  if (tokens_.size() == 0) return bad("tokenizer.json: model.vocab is empty");
  return Status();
}

// A token that is written like a control token is one: text of a user must not make the marks of a turn.
bool looks_special(std::string_view text) {
  return (text.starts_with("<|") && text.ends_with("|>")) || (text.starts_with("<｜") && text.ends_with("｜>"));
}

Status Reader::add_token(int64_t id, const Json& token, const std::string& field) {
  const std::string text = text_at(token, "content");
  if (text.empty()) return bad("tokenizer.json: ", field, ".content is missing or empty");
  const bool special = flag_at(token, "special").value_or(false);
  const TokenKind kind = special || looks_special(text) ? TokenKind::control : TokenKind::user_defined;
  if (Status s = tokens_.set(id, text, kind, field); !s.ok()) return s;
  const auto flag = [&](const char* name, bool fallback, AddedTokenFlag value) {
    return flag_at(token, name).value_or(fallback) ? int64_t{value} : 0;
  };
  added_.push_back(id);
  added_.push_back(flag("lstrip", false, kStripLeft) | flag("rstrip", false, kStripRight) |
                   flag("single_word", false, kSingleWord) | flag("normalized", !special, kNormalized));
  return Status();
}

// Those of tokenizer.json, then what tokenizer_config.json has besides.
Status Reader::read_added_tokens() {
  if (const Json* list = files_.tokenizer.find("added_tokens")) {
    if (!list->array()) return bad("tokenizer.json: added_tokens must be an array, is ", list->kind());
    for (size_t i = 0; i < list->array()->size(); ++i) {
      const Json& token = (*list->array())[i];
      const std::string field = join("added_tokens[", i, "]");
      const auto id = integer_at(token, "id");
      if (!id) return bad("tokenizer.json: ", field, ".id is missing or no whole number");
      if (Status s = add_token(*id, token, field); !s.ok()) return s;
    }
  }
  const Json* decoder = files_.tokenizer_config.find("added_tokens_decoder");
  if (!decoder || !decoder->object()) return Status();
  for (const Json::Member& member : *decoder->object()) {
    int64_t id = -1;
    const char* const end = member.name.data() + member.name.size();
    if (std::from_chars(member.name.data(), end, id).ptr != end) id = -1;
    const std::string text = text_at(member.value, "content");
    if (id < 0 || text.empty() || tokens_.find(text)) continue;
    if (Status s = add_token(id, member.value, "added_tokens_decoder"); !s.ok()) return s;
  }
  return Status();
}

// A part of a merge in which a space could be taken for the one between the parts.
std::string without_spaces(std::string part, bool byte_level) {
  for (size_t at = part.find(' '); byte_level && at != part.npos; at = part.find(' ', at))
    part.replace(at, 1, "\u0120");
  return part;
}

Status Reader::read_merges() {
  const Json* list = model_->find("merges");
  if (!list || !list->array()) return bad("tokenizer.json: model.merges is missing or no array");
  merges_.reserve(list->array()->size());
  for (size_t i = 0; i < list->array()->size(); ++i) {
    check_cancelled_every<4096>(i);
    const Json& merge = (*list->array())[i];
    if (const std::string* text = merge.text()) {
      merges_.push_back(*text);
      continue;
    }
    const Json::Array* pair = merge.array();
    if (!pair || pair->size() != 2 || !(*pair)[0].text() || !(*pair)[1].text())
      return bad("tokenizer.json: model.merges[", i, "] must be \"a b\" or [\"a\", \"b\"]");
    merges_.push_back(without_spaces(*(*pair)[0].text(), byte_level()) + " " +
                      without_spaces(*(*pair)[1].text(), byte_level()));
  }
  return Status();
}

void Reader::write_pipeline() {
  set("ggml.model", std::string(byte_level() ? "gpt2" : "llama"));
  if (!pipeline_.normalizer.empty()) set("tritium.normalizer", pipeline_.normalizer);
  if (pipeline_.prefix_if_missing) set("tritium.prefix_if_missing", true);
  if (pipeline_.split_at_spaces) set("tritium.split_at_spaces", true);
  if (pipeline_.prefix_once) set("tritium.prefix_once", true);
  set("tritium.added_tokens", added_);
  if (!byte_level()) {
    set("ggml.add_space_prefix", pipeline_.space_prefix);
    return;
  }
  if (pipeline_.space_prefix) set("tritium.add_prefix_space", true);
  const bool ignore_merges = flag_at(*model_, "ignore_merges").value_or(false);
  const std::string pre = pre_of_patterns(pipeline_.patterns, ignore_merges);
  set("tritium.ignore_merges", ignore_merges);
  set("ggml.pre", pre.empty() ? std::string("custom") : pre);
  if (pre.empty()) set("tritium.patterns", pipeline_.patterns);
}

// "bos_token": a text, or an object with its content, in tokenizer_config.json, else special_tokens_map.json.
std::optional<int64_t> Reader::named_token(std::string_view name) const {
  for (const Json* file : {&files_.tokenizer_config, &files_.special_tokens_map}) {
    const Json* value = file->find(name);
    if (!value) continue;
    const std::string text = value->text() ? *value->text() : text_at(*value, "content");
    if (const auto id = tokens_.find(text)) return id;
  }
  return std::nullopt;
}

// One id or a list, of generation_config.json, then config.json.
void Reader::read_ends() {
  for (const Json* file : {&files_.generation_config, &files_.config})
    for (const char* name : {"eos_token_id", "eod_token_id"}) {
      const Json* value = file->find(name);
      if (!value) continue;
      if (value->integer()) ends_.push_back(*value->integer());
      if (!value->array()) continue;
      for (const Json& id : *value->array())
        if (id.integer()) ends_.push_back(*id.integer());
    }
  std::erase_if(ends_, [&](int64_t id) { return id < 0 || id >= tokens_.size(); });
}

void Reader::read_special() {
  bos_ = named_token("bos_token");
  for (const Json* file : {&files_.config, &files_.generation_config})
    if (!bos_) bos_ = integer_at(*file, "bos_token_id");
  if (!bos_ && !pipeline_.tokens_before.empty()) bos_ = pipeline_.tokens_before.front();
  eos_ = named_token("eos_token");
  if (!eos_ && !ends_.empty()) eos_ = ends_.front();
  const auto inside = [&](std::optional<int64_t> id) { return id && *id >= 0 && *id < tokens_.size(); };
  if (!inside(bos_)) bos_.reset();
  if (bos_) set("ggml.bos_token_id", *bos_);
  if (eos_) set("ggml.eos_token_id", *eos_);
  if (const auto pad = named_token("pad_token")) set("ggml.padding_token_id", *pad);
  auto unknown = tokens_.find(text_at(*model_, "unk_token"));
  if (!unknown) unknown = named_token("unk_token");
  if (unknown) {
    set("ggml.unknown_token_id", *unknown);
    // Where all bytes have tokens some files name a control token for it, which goes on being one.
    if (!byte_level()) tokens_[*unknown].kind = TokenKind::unknown;
  }
  if (!ends_.empty()) set("tritium.end_token_ids", ends_);
}

// The template says what stands around a text; add_bos_token and add_eos_token of tokenizer_config.json decide whether.
void Reader::write_surroundings() {
  std::vector<int64_t> before = pipeline_.tokens_before, after = pipeline_.tokens_after;
  const auto decide = [&](const char* name, std::optional<int64_t> token, std::vector<int64_t>& ids) {
    const auto wanted = flag_at(files_.tokenizer_config, name);
    if (!wanted) return;
    if (!*wanted) ids.clear();
    if (*wanted && ids.empty() && token) ids = {*token};
  };
  decide("add_bos_token", bos_, before);
  decide("add_eos_token", eos_, after);
  set("ggml.add_bos_token", !before.empty());
  set("ggml.add_eos_token", !after.empty());
  if (!before.empty() && before != std::vector<int64_t>{bos_.value_or(-1)}) set("tritium.tokens_before", before);
  if (!after.empty() && after != std::vector<int64_t>{eos_.value_or(-1)}) set("tritium.tokens_after", after);
}

// Of a vocabulary of characters: the piece that a merge makes is the better the earlier the merge is in the list; what
// no merge makes cannot become of several characters.
std::vector<double> scores_of(Tokens& tokens, const std::vector<std::string>& merges) {
  std::vector<double> scores(static_cast<size_t>(tokens.size()), -std::numeric_limits<double>::infinity());
  for (size_t rank = merges.size(); rank > 0; --rank) {
    const std::string& merge = merges[rank - 1];
    const size_t space = merge.find(' ', 1);
    if (space == std::string::npos) continue;
    const auto id = tokens.find(merge.substr(0, space) + merge.substr(space + 1));
    if (id) scores[static_cast<size_t>(*id)] = -static_cast<double>(rank);
  }
  return scores;
}

Status Reader::pad_tokens() {
  const Json* text_config = files_.config.find("text_config");
  const auto rows = integer_at(files_.config, "vocab_size");
  return tokens_.pad(rows ? *rows : text_config ? integer_at(*text_config, "vocab_size").value_or(0) : 0);
}

void Reader::write_tokens() {
  std::vector<std::string> texts;
  std::vector<int64_t> kinds;
  for (int64_t id = 0; id < tokens_.size(); ++id) {
    texts.push_back(tokens_[id].text);
    kinds.push_back(static_cast<int64_t>(tokens_[id].kind));
  }
  if (!byte_level()) set("ggml.scores", scores_of(tokens_, merges_));
  set("ggml.tokens", std::move(texts));
  set("ggml.token_type", std::move(kinds));
  if (byte_level()) set("ggml.merges", std::move(merges_));
}

void Reader::read_chat_templates() {
  const Json* value = files_.tokenizer_config.find("chat_template");
  if (value && value->text()) set("chat_template", *value->text());
  if (value && value->array())
    for (const Json& entry : *value->array()) {
      const std::string name = text_at(entry, "name"), text = text_at(entry, "template");
      if (!name.empty() && !text.empty()) set(name == "default" ? "chat_template" : "chat_template." + name, text);
    }
  if (has_template_) set("chat_template", chat_template_);
}

}  // namespace

Result<Metadata> hf_tokenizer_metadata(const HfTokenizerFiles& files) {
  Files trees;
  if (Status s = parse("tokenizer.json", files.tokenizer, trees.tokenizer); !s.ok()) return s;
  if (Status s = parse("tokenizer_config.json", files.tokenizer_config, trees.tokenizer_config); !s.ok()) return s;
  if (Status s = parse("special_tokens_map.json", files.special_tokens_map, trees.special_tokens_map); !s.ok())
    return s;
  if (Status s = parse("generation_config.json", files.generation_config, trees.generation_config); !s.ok()) return s;
  if (Status s = parse("config.json", files.config, trees.config); !s.ok()) return s;
  return Reader(std::move(trees), files.chat_template.value_or(""), files.chat_template.has_value()).read();
}

}  // namespace tritium
