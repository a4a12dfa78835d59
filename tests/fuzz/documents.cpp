// Any bytes as a text to train on: plain, lines of JSON, JSON.
#include "train/data/documents.h"
#include "tests/fuzz/input.h"

namespace tritium::fuzz {

void try_input(std::string_view bytes) {
  const MemoryFile file(bytes);
  size_t n_bytes = 0;
  const Status status = read_documents(file.path(), [&](const Document& document) {
    for (const DocumentPart& part : document.parts) n_bytes += part.text.size();
    return Status();
  });
  require(n_bytes <= 64 * (bytes.size() + 1),
          "documents are hardly larger than what they are read from: roles are added");
  require(status.ok() || !status.message().empty(), "an error has a message");
  (void)parse_document(bytes);
}

}  // namespace tritium::fuzz
