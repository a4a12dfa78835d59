// Documents of a training corpus, as its files hold them: which stretches of text there are, and which of them the
// model should learn to write.
//
// A file is plain text, or JSON: records one a line, an array of records, or records one after another. What begins as
// JSON and can be parsed is JSON, whatever its name; what is named .json, .jsonl or .ndjson has to be. A record is an
// object that has
//   {"text": "..."}                                              learnt as a whole
//   {"prompt": "...", "completion": "..."}                       the completion is learnt
//   {"messages": [{"role": "...", "content": "..."}, ...]}       what the assistant says is learnt
//   {"conversations": [{"from": "human", "value": "..."}, ...]}  the same (ShareGPT); gpt is the assistant
//   {"instruction": "...", "input": "...", "output": "..."}      the same, as a user's message and its answer (Alpaca)
// The first of these that an object has counts; "system" beside the last three is the message that they begin with;
// other keys are ignored. A conversation becomes the text
//   system: You are kind.
//   user: Hello
//   assistant: Good day
// with an end token after each message of the assistant (and there is no line end after the last message, if it is
// one). The space before an assistant's content belongs to what is learnt, since vocabularies write it at the beginning
// of a word: a prompt that asks for an answer ends with "assistant:". Where there is a chat template, that decides
// instead (chat_document.h): then messages may have any role that it knows, tool_calls, and "tools" beside them.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "text/text_reader.h"
#include "tritium/status.hpp"

namespace tritium {

struct DocumentPart {
  std::string text;
  bool scored = true;  // predicting it counts in the loss
  bool ends = false;   // an end token follows, scored as the text is
};

// A conversation as a chat template takes it.
struct ChatRecord {
  Json messages;  // an array of objects with a role
  Json tools;     // an array, or null
};

struct Document {
  std::vector<DocumentPart> parts;
  bool plain = false;                   // of a file of plain text: has no end, and may be cut anywhere
  bool continues = false;               // goes on where the one before ended: a long plain text comes in pieces
  bool lines = false;                   // of a conversation, written as lines
  std::optional<ChatRecord> chat = {};  // instead of the parts: of a conversation that a template is to write
};

// The files of a corpus: files as they are given; for a folder those below it whose names end in .txt, .md, .jsonl or
// .ndjson, sorted by name, without the log of a training run. not_found: nothing of that name, or a folder
// without such a file. io_error: a pipe or a device, which cannot be read a second time.
Result<std::vector<std::string>> corpus_files(const std::vector<std::string>& paths);

// Whether conversations are kept for a chat template, or written as lines.
enum class Conversations : uint8_t { as_lines, for_template };

// One record. corrupt_file says what is wrong with it.
Result<Document> parse_document(std::string_view json, Conversations conversations = Conversations::as_lines);

// Hands over the documents of a file one after another, with little more than one of them in memory; stops at the first
// failure, also one that `take` returns. corrupt_file names the file and the line; a file without a document is an
// error.
Status read_documents(const std::string& path, const std::function<Status(const Document&)>& take,
                      Conversations conversations = Conversations::as_lines);
Status read_documents(TextReader& reader, const std::function<Status(const Document&)>& take,
                      Conversations conversations = Conversations::as_lines);

// Texts are tokenised in pieces of about 1 MiB: the length of the one with which `text` begins, which ends after a
// line, since pieces of vocabularies do. nullopt: more of the text is needed, where this is not `all` of it.
std::optional<size_t> piece_length(std::string_view text, bool all);

}  // namespace tritium
