#include "train/data/corpus.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <string_view>

#include "base/format_text.h"
#include "train/data/blocks.h"
#include "train/data/chat_document.h"
#include "train/data/documents.h"

namespace tritium {
namespace {

// Where a document lies in the stream.
struct DocumentPlace {
  size_t first_token = 0;
  bool plain = false;
};

// Tokens of documents as they come, before any are held out.
struct TokenizedText {
  Blocks<int32_t> tokens;
  Blocks<uint8_t> scored;
  std::vector<DocumentPlace> documents;
  bool lines = false;

  void append(std::span<const int32_t> more, bool count) {
    tokens.append(more.data(), more.size());
    const std::vector<uint8_t> counts(more.size(), count ? 1 : 0);
    scored.append(counts.data(), counts.size());
  }
};

void append_document(const Document& document, const Tokenizer& tokenizer, bool score_all, TokenizedText& out) {
  bool continues = document.continues;
  out.lines |= document.lines;
  if (!continues) {
    out.documents.push_back({out.tokens.size(), document.plain});
    if (tokenizer.bos() >= 0) out.append(std::vector{tokenizer.bos()}, false);
  }
  for (const DocumentPart& part : document.parts) {
    const bool scored = part.scored || score_all;
    for (std::string_view text = part.text; !text.empty();) {
      const size_t length = *piece_length(text, true);
      out.append(tokenizer.encode(text.substr(0, length), {.add_bos = false, .continues = continues}), scored);
      text.remove_prefix(length);
      continues = true;
    }
    if (part.ends && tokenizer.eos() >= 0) out.append(std::vector{tokenizer.eos()}, scored);
  }
}

Status append_chat(const ChatRecord& record, const ChatDocuments& chat, bool score_all, TokenizedText& out) {
  const Result<ScoredTokens> tokens = chat.tokens_of(record);
  if (!tokens.ok()) return tokens.status();
  out.documents.push_back({out.tokens.size(), false});
  for (size_t i = 0; i < tokens->tokens.size(); ++i)
    out.append(std::span(&tokens->tokens[i], 1), (score_all && i > 0) || tokens->scored[i] != 0);
  return Status();
}

Result<TokenizedText> tokenize_files(const std::vector<std::string>& paths, const Tokenizer& tokenizer,
                                     const CorpusOptions& options) {
  const Result<std::vector<std::string>> files = corpus_files(paths);
  if (!files.ok()) return files.status();
  TokenizedText text;
  for (const std::string& file : *files) {
    int64_t n = 0;
    const auto take = [&](const Document& document) {
      ++n;
      if (document.chat)
        return append_chat(*document.chat, *options.chat, options.score_prompts, text)
            .within(join(file, ": record ", n));
      append_document(document, tokenizer, options.score_prompts, text);
      return Status();
    };
    const Status status =
        read_documents(file, take, options.chat ? Conversations::for_template : Conversations::as_lines);
    if (!status.ok()) return status;
  }
  return text;
}

// Those from `first` on, which leave.
CorpusTokens take_from(TokenizedText& text, size_t first) {
  return {.tokens = text.tokens.take_from(first), .scored = text.scored.take_from(first)};
}

// What lies before `cut` is trained on, the rest is held out.
void divide(TokenizedText text, size_t cut, Corpus& corpus) {
  corpus.valid = take_from(text, cut);
  corpus.train = take_from(text, 0);
}

// The first token to hold out.
size_t held_out_from(const TokenizedText& text, double fraction) {
  const size_t n = text.tokens.size();
  const auto wanted = static_cast<size_t>(std::ceil(fraction * static_cast<double>(n)));
  const size_t latest = n - std::min(wanted, n);
  // The last document that begins there or earlier holds the cut.
  const auto after = std::upper_bound(text.documents.begin(), text.documents.end(), latest,
                                      [](size_t at, const DocumentPlace& d) { return at < d.first_token; });
  const DocumentPlace& document = *std::prev(after);
  return document.plain ? latest : document.first_token;
}

Status check_part(const CorpusTokens& part, const char* name) {
  if (part.tokens.empty()) {
    return error(StatusCode::invalid_argument, "the ", name,
                 " is empty; give more text, another fraction to hold out, or held-out files of their own");
  }
  if (std::find(part.scored.begin(), part.scored.end(), 1) == part.scored.end()) {
    return error(StatusCode::invalid_argument, "all tokens are masked: none of the ", part.tokens.size(),
                 " tokens of the ", name,
                 " counts in the loss; it needs a text, a completion or an assistant's message, or score the prompts "
                 "as well");
  }
  return Status();
}

Result<Corpus> checked(Corpus corpus) {
  if (Status s = check_part(corpus.train, "part to train on"); !s.ok()) return s;
  if (Status s = check_part(corpus.valid, "held-out part"); !s.ok()) return s;
  return corpus;
}

}  // namespace

Result<Corpus> load_corpus(const CorpusOptions& options, const Tokenizer& tokenizer) {
  if (options.paths.empty())
    return error(StatusCode::invalid_argument, "the corpus has no files; give files or folders");
  const bool own_valid = !options.valid_paths.empty();
  if (!own_valid && !(options.valid_fraction > 0 && options.valid_fraction < 1)) {
    return error(StatusCode::invalid_argument, "the fraction to hold out is ", options.valid_fraction,
                 "; it must lie between 0 and 1, or give held-out files");
  }
  Result<TokenizedText> text = tokenize_files(options.paths, tokenizer, options);
  if (!text.ok()) return text.status();
  const size_t n = text->tokens.size();
  if (n == 0) return error(StatusCode::invalid_argument, "the corpus is empty: its files give no token");

  Corpus corpus;
  corpus.n_documents = static_cast<int64_t>(text->documents.size());
  corpus.lines = text->lines;
  if (own_valid) {
    Result<TokenizedText> held_out = tokenize_files(options.valid_paths, tokenizer, options);
    if (!held_out.ok()) return held_out.status();
    corpus.n_documents += static_cast<int64_t>(held_out->documents.size());
    corpus.train = take_from(*text, 0);
    corpus.valid = take_from(*held_out, 0);
  } else {
    const size_t cut = held_out_from(*text, options.valid_fraction);
    divide(*std::move(text), cut, corpus);
  }
  return checked(std::move(corpus));
}

Result<Corpus> split_text(std::string_view text, const CorpusOptions& options, const Tokenizer& tokenizer) {
  TokenizedText all;
  all.append(tokenizer.encode(text), true);
  const size_t n = all.tokens.size();
  const auto cut = static_cast<size_t>(std::clamp(1.0 - options.valid_fraction, 0.0, 1.0) * static_cast<double>(n));
  Corpus corpus{.n_documents = 1};
  divide(std::move(all), cut, corpus);
  return checked(std::move(corpus));
}

}  // namespace tritium
