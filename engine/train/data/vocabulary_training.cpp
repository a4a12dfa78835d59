// A vocabulary from the documents of a corpus.
#include "tritium/vocabulary_training.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <system_error>

#include "base/atomic_file.h"
#include "base/cancel.h"
#include "base/caught.h"
#include "base/path.h"
#include "base/same_file.h"
#include "format/gguf.h"
#include "text/piece_training.h"
#include "text/text_reader.h"
#include "train/data/documents.h"

namespace tritium {
namespace {

// The text as training tokenises it, a piece at a time.
void count_words(const Document& document, WordCounts& words) {
  bool continues = document.continues;
  for (const DocumentPart& part : document.parts) {
    for (std::string_view text = part.text; !text.empty();) {
      const size_t length = *piece_length(text, true);
      words.add(text.substr(0, length), continues);
      text.remove_prefix(length);
      continues = true;
    }
  }
}

// Of all files; what has no size counts nothing.
double size_of(const std::vector<std::string>& files) {
  double bytes = 0;
  for (const std::string& file : files) {
    std::error_code unknown;
    const auto size = std::filesystem::file_size(path_of(file), unknown);
    if (!unknown) bytes += static_cast<double>(size);
  }
  return bytes;
}

void tell(const VocabularyTrainingOptions& o, const std::string& what, double fraction) {
  if (o.progress && !o.progress(what, fraction)) throw Cancelled();
}

Result<std::vector<std::string>> files_of(const VocabularyTrainingOptions& o) {
  if (o.data.empty()) return Status(StatusCode::invalid_argument, "no text is given; give files or folders");
  if (o.data == std::vector<std::string>{"-"}) return o.data;
  Result<std::vector<std::string>> files = corpus_files(o.data);
  if (!files.ok()) return files.status();
  std::vector<NamedFile> inputs;
  for (const std::string& file : *files) inputs.push_back({"the text", file});
  const NamedFile output[] = {{"the output", o.output}};
  if (Status s = check_outputs(output, inputs); !s.ok()) return s;
  return files;
}

Status read_words(const std::vector<std::string>& files, const VocabularyTrainingOptions& o, WordCounts& words) {
  const double size = size_of(files);
  for (const std::string& file : files) {
    Result<TextReader> reader = TextReader::open(file, o.waiting);
    if (!reader.ok()) return reader.status();
    Status status = read_documents(*reader, [&](const Document& document) {
      count_words(document, words);
      tell(o, "reading", size > 0 ? std::min(1.0, static_cast<double>(words.n_bytes()) / size) : 0);
      return Status();
    });
    if (!status.ok()) return status;
  }
  return Status();
}

}  // namespace

Result<TrainedVocabulary> train_vocabulary(const VocabularyTrainingOptions& o) try {
  const auto start = std::chrono::steady_clock::now();
  if (o.output.empty()) return Status(StatusCode::invalid_argument, "no output is named");
  const CancelScope scope(o.keep_going);
  const Result<std::vector<std::string>> files = files_of(o);
  if (!files.ok()) return files.status();
  Result<AtomicFile> output = AtomicFile::create(o.output);  // now: whether it can be is not to be known at the end
  if (!output.ok()) return output.status();
  WordCounts words;
  if (Status s = read_words(*files, o, words); !s.ok()) return s;
  const Result<TrainedPieces> pieces = train_pieces(
      words, {.vocab_size = o.vocab_size, .character_coverage = o.character_coverage, .progress = [&](double fraction) {
                tell(o, "merging", fraction);
              }});
  if (!pieces.ok()) return pieces.status();
  if (Status s = write_gguf(*output, piece_vocabulary(*pieces), {}); !s.ok()) return s;
  if (Status s = output->commit(); !s.ok()) return s;
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  return TrainedVocabulary{.vocab_size = o.vocab_size,
                           .n_characters = static_cast<int64_t>(pieces->characters.size()),
                           .n_bytes = words.n_bytes(),
                           .n_tokens = pieces->n_tokens,
                           .n_words = static_cast<int64_t>(words.words().size()),
                           .n_uncovered = pieces->n_uncovered,
                           .n_invalid_bytes = pieces->n_invalid_bytes,
                           .seconds = took.count()};
} catch (...) {
  return caught();
}

}  // namespace tritium
