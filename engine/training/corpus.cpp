#include "training/corpus.h"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "base/format_text.h"
#include "base/mapped_file.h"
#include "training/documents.h"

namespace tritium::training {
namespace {

namespace fs = std::filesystem;

bool is_text(const fs::path& path) {
  const std::string extension = path.extension().string();
  return extension == ".txt" || extension == ".md" || extension == ".jsonl";
}

Result<std::vector<std::string>> list_files(const std::vector<std::string>& paths) {
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    std::error_code problem;
    if (!fs::is_directory(path, problem)) {
      files.push_back(path);
      continue;
    }
    std::vector<std::string> found;
    for (auto it = fs::recursive_directory_iterator(path, problem); it != fs::end(it); it.increment(problem)) {
      if (problem) break;
      if (it->is_regular_file(problem) && is_text(it->path())) found.push_back(it->path().string());
    }
    if (problem) return error(StatusCode::io_error, path, ": ", problem.message());
    if (found.empty()) return error(StatusCode::not_found, path, ": the folder has no .txt, .md or .jsonl file");
    std::ranges::sort(found);
    files.insert(files.end(), found.begin(), found.end());
  }
  return files;
}

Result<std::vector<TokenStream>> read_documents(const std::vector<std::string>& paths, bool score_prompts,
                                                const Tokenizer& tokenizer) {
  const Result<std::vector<std::string>> files = list_files(paths);
  if (!files.ok()) return files.status();
  std::vector<TokenStream> documents;
  for (const std::string& path : *files) {
    const Result<MappedFile> file = MappedFile::open(path);
    if (!file.ok()) return file.status();
    std::string_view text(reinterpret_cast<const char*>(file->bytes().data()), file->bytes().size());
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);  // a byte order mark is no text
    const DocumentReader reader(tokenizer, score_prompts);
    const Status status =
        path.ends_with(".jsonl") ? reader.read_jsonl(path, text, documents) : reader.read_text(text, documents);
    if (!status.ok()) return status;
  }
  return documents;
}

TokenStream joined(std::span<const TokenStream> documents) {
  TokenStream all;
  for (const TokenStream& d : documents) {
    all.tokens.insert(all.tokens.end(), d.tokens.begin(), d.tokens.end());
    all.scored.insert(all.scored.end(), d.scored.begin(), d.scored.end());
  }
  return all;
}

void count_bytes(TokenStream& stream, const Tokenizer& tokenizer) {
  stream.text_bytes = 0;
  for (size_t i = 0; i < stream.tokens.size(); ++i)
    if (stream.scored[i]) stream.text_bytes += static_cast<int64_t>(tokenizer.bytes_of(stream.tokens[i]).size());
}

// The first document of the held-out part: the last ones that hold at least the fraction. At least one stays for
// training.
size_t first_held_out(const std::vector<TokenStream>& documents, double fraction) {
  size_t total = 0;
  for (const TokenStream& d : documents) total += d.tokens.size();
  const auto wanted = static_cast<size_t>(std::ceil(fraction * static_cast<double>(total)));
  size_t held = 0;
  size_t first = documents.size();
  while (first > 1 && held < wanted) held += documents[--first].tokens.size();
  return first;
}

Status check_stream(const TokenStream& stream, const char* what) {
  if (stream.tokens.size() < 2)
    return error(StatusCode::invalid_argument, "the ", what, " text has ", stream.tokens.size(),
                 " tokens; at least 2 are needed");
  if (std::ranges::count(stream.scored, uint8_t{1}) == 0)
    return error(StatusCode::invalid_argument, "nothing of the ", what,
                 " text would be learned: all of it is prompts; score_prompts learns those too");
  return Status();
}

}  // namespace

Result<Corpus> load_corpus(const CorpusOptions& options, const Tokenizer& tokenizer) {
  if (options.paths.empty()) return error(StatusCode::invalid_argument, "no text to train on was given");
  if (!(options.valid_fraction >= 0.0 && options.valid_fraction < 1.0))
    return error(StatusCode::invalid_argument, "valid_fraction is ", options.valid_fraction, ", must be 0 to below 1");
  Result<std::vector<TokenStream>> documents = read_documents(options.paths, options.score_prompts, tokenizer);
  if (!documents.ok()) return documents.status();
  Corpus corpus;
  if (!options.valid_paths.empty()) {
    const Result<std::vector<TokenStream>> held = read_documents(options.valid_paths, options.score_prompts, tokenizer);
    if (!held.ok()) return held.status();
    corpus.train = joined(*documents);
    corpus.valid = joined(*held);
  } else if (documents->size() == 1) {
    const TokenStream& all = documents->front();
    const auto cut = static_cast<std::ptrdiff_t>(
        std::floor((1.0 - options.valid_fraction) * static_cast<double>(all.tokens.size())));
    corpus.train.tokens.assign(all.tokens.begin(), all.tokens.begin() + cut);
    corpus.train.scored.assign(all.scored.begin(), all.scored.begin() + cut);
    corpus.valid.tokens.assign(all.tokens.begin() + cut, all.tokens.end());
    corpus.valid.scored.assign(all.scored.begin() + cut, all.scored.end());
  } else {
    const size_t first = first_held_out(*documents, options.valid_fraction);
    corpus.train = joined(std::span(*documents).first(first));
    corpus.valid = joined(std::span(*documents).subspan(first));
  }
  count_bytes(corpus.train, tokenizer);
  count_bytes(corpus.valid, tokenizer);
  if (Status s = check_stream(corpus.train, "training"); !s.ok()) return s;
  if (Status s = check_stream(corpus.valid, "held-out"); !s.ok()) return s;
  return corpus;
}

}  // namespace tritium::training
