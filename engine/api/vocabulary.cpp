#include "tritium/vocabulary.hpp"

#include "base/caught.h"
#include "base/format_text.h"
#include "model_files/open_model.h"
#include "text/tokenizer.h"

namespace tritium {

struct Vocabulary::State {
  std::shared_ptr<const Tokenizer> tokenizer;
};

namespace {

Status moved_from() {
  return Status(StatusCode::invalid_argument, "this vocabulary was moved from: use the one it was moved to");
}

}  // namespace

Vocabulary::Vocabulary(std::shared_ptr<const State> state) : state_(std::move(state)) {}

Result<Vocabulary> Vocabulary::open(const std::string& path, const VocabularyOptions& options) try {
  const Result<Metadata> metadata = open_vocabulary(path);
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
