// Documents of a training corpus, as its files hold them: which stretches of text there are, and which of them the
// model should learn to write.
//
// A file .jsonl holds one JSON object a line:
//   {"text": "..."}                                         learnt as a whole
//   {"prompt": "...", "completion": "..."}                  the completion is learnt
//   {"messages": [{"role": "...", "content": "..."}, ...]}  what the assistant says is learnt
// The first of these that an object has counts; other keys are ignored. A conversation becomes the text
//   system: You are kind.
//   user: Hello
//   assistant: Good day
// with an end token after each message of the assistant (and there is no line end after the last message, if it is
// one). The space before an assistant's content belongs to what is learnt, since vocabularies write it at the beginning
// of a word: a prompt that asks for an answer ends with "assistant:".
// Every other file is one document of plain text.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "tritium/status.hpp"

namespace tritium {

struct DocumentPart {
  std::string text;
  bool scored = true;  // predicting it counts in the loss
  bool ends = false;   // an end token follows, scored as the text is
};

struct Document {
  std::vector<DocumentPart> parts;
  bool plain = false;  // of a file of plain text: has no end, and may be cut anywhere
};

// The files of a corpus: files as they are given; for a folder those below it whose names end in .txt, .md or .jsonl,
// sorted by name, without the log of a training run. not_found: nothing of that name, or a folder without such a file.
Result<std::vector<std::string>> corpus_files(const std::vector<std::string>& paths);

// One line of a .jsonl file. corrupt_file says what is wrong with it.
Result<Document> parse_document(std::string_view json);

// Hands over the documents of a file one after another; stops at the first failure, also one that `take` returns.
// corrupt_file names the file and the line; a file without a document is an error.
Status read_documents(const std::string& path, const std::function<Status(const Document&)>& take);

}  // namespace tritium
