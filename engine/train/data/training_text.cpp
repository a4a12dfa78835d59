// The text of a file of any kind that training reads.
#include "base/caught.h"
#include "train/data/documents.h"
#include "tritium/training.hpp"

namespace tritium {

Result<std::string> read_training_text(const std::string& path, const TextWaiting& waiting) try {
  Result<TextReader> reader = TextReader::open(path, waiting);
  if (!reader.ok()) return reader.status();
  const Result<std::string_view> beginning = reader->ahead(1);
  if (!beginning.ok()) return beginning.status();
  std::string text;
  if (beginning->empty()) return text;
  text.reserve(reader->size());
  bool first = true;
  const Status status = read_documents(*reader, [&](const Document& document) {
    if (!first && !document.continues) text += '\n';
    first = false;
    for (const DocumentPart& part : document.parts) text += part.text;
    return Status();
  });
  if (!status.ok()) return status;
  return text;
} catch (...) {
  return caught();
}

}  // namespace tritium
