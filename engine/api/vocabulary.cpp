#include "tritium/vocabulary.hpp"

#include <array>
#include <filesystem>

#include "base/caught.h"
#include "base/format_text.h"
#include "base/input_file.h"
#include "format/gguf.h"
#include "text/hf_tokenizer.h"
#include "text/tokenizer.h"

namespace tritium {

struct Vocabulary::State {
  std::shared_ptr<const Tokenizer> tokenizer;
};

namespace {

namespace fs = std::filesystem;

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

// A file of a folder, where it is there.
Status read_beside(const fs::path& folder, const char* name, std::optional<std::string>& text) {
  if (!is_there(folder / name)) return Status();
  Result<std::string> read = read_file((folder / name).string());
  if (!read.ok()) return read.status();
  text = *std::move(read);
  return Status();
}

// `tokenizer` is the file tokenizer.json itself, which may have another name when it was given alone.
Result<Metadata> read_folder(const fs::path& folder, const fs::path& tokenizer) {
  HfTokenizerFiles files;
  Result<std::string> text = read_file(tokenizer.string());
  if (!text.ok()) return text.status();
  files.tokenizer = *std::move(text);
  struct File {
    const char* name;
    std::optional<std::string>& text;
  };
  const std::array others = {File{"tokenizer_config.json", files.tokenizer_config},
                             File{"special_tokens_map.json", files.special_tokens_map},
                             File{"generation_config.json", files.generation_config}, File{"config.json", files.config},
                             File{"chat_template.jinja", files.chat_template}};
  for (const File& file : others)
    if (Status s = read_beside(folder, file.name, file.text); !s.ok()) return s;
  Result<Metadata> metadata = hf_tokenizer_metadata(files);
  if (!metadata.ok()) return metadata.status().within(folder.string());
  return metadata;
}

Result<Metadata> read_vocabulary(const std::string& path) {
  std::error_code ignored;
  const fs::path place(path);
  if (fs::is_directory(place, ignored)) {
    if (is_there(place / "tokenizer.json")) return read_folder(place, place / "tokenizer.json");
    return error(StatusCode::not_found, path,
                 ": there is no tokenizer.json in this folder; a tokenizer.model is not read");
  }
  if (place.extension() == ".json") return read_folder(place.parent_path(), place);
  Result<std::unique_ptr<TensorMap>> file = open_gguf(path, {});
  if (!file.ok()) return file.status();
  return (*file)->metadata();
}

Status moved_from() {
  return Status(StatusCode::invalid_argument, "this vocabulary was moved from: use the one it was moved to");
}

}  // namespace

Vocabulary::Vocabulary(std::shared_ptr<const State> state) : state_(std::move(state)) {}

Result<Vocabulary> Vocabulary::open(const std::string& path, const VocabularyOptions& options) try {
  const Result<Metadata> metadata = read_vocabulary(path);
  if (!metadata.ok()) return metadata.status();
  Result<std::shared_ptr<const Tokenizer>> tokenizer = Tokenizer::from_metadata(*metadata, {.pre = options.pre});
  if (!tokenizer.ok()) return tokenizer.status().within(path);
  return Vocabulary(std::make_shared<const State>(State{*std::move(tokenizer)}));
} catch (...) {
  return caught();
}

Result<std::vector<int32_t>> Vocabulary::tokenize(std::string_view text, const TokenizeOptions& options) const try {
  if (!state_) return moved_from();
  EncodeOptions encode = {.parse_special = options.parse_special, .bos_once = false, .add_eos = options.add_ends};
  if (!options.add_ends) encode.add_bos = false;
  return state_->tokenizer->encode(text, encode);
} catch (...) {
  return caught();
}

Result<std::string> Vocabulary::detokenize(std::span<const int32_t> tokens, bool show_control) const try {
  if (!state_) return moved_from();
  for (size_t i = 0; i < tokens.size(); ++i)
    if (tokens[i] < 0 || tokens[i] >= size())
      return error(StatusCode::invalid_argument, "token ", i, " is ", tokens[i], ", the vocabulary has ids 0 to ",
                   size() - 1);
  return state_->tokenizer->decode(tokens, show_control);
} catch (...) {
  return caught();
}

int64_t Vocabulary::size() const { return state_ ? state_->tokenizer->vocab_size() : 0; }

const std::vector<std::string>& Vocabulary::warnings() const {
  static const std::vector<std::string> none;
  return state_ ? state_->tokenizer->warnings() : none;
}

}  // namespace tritium
