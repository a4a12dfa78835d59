#include "train/data/documents.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/support/temporary_folder.h"

namespace tritium {
namespace {

// The parts of a line, one a text: what counts in brackets, each end token as |.
std::string shown(std::string_view json) {
  const Result<Document> document = parse_document(json);
  if (!document.ok()) return document.message();
  std::string text;
  for (const DocumentPart& part : document->parts) {
    text += part.scored ? "[" + part.text + (part.ends ? "|]" : "]") : part.text + (part.ends ? "|" : "");
  }
  return text;
}

void write(const std::string& path, const std::string& text) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

std::vector<std::string> texts_of(const std::string& path) {
  std::vector<std::string> texts;
  const Status status = read_documents(path, [&](const Document& document) {
    texts.push_back(document.parts.front().text);
    return Status();
  });
  if (!status.ok()) texts.push_back(status.message());
  return texts;
}

TEST(Documents, ATextCountsAsAWhole) { EXPECT_EQ(shown(R"({"text": "one\ntwo"})"), "[one\ntwo|]"); }

TEST(Documents, OnlyTheCompletionOfAPromptCounts) {
  EXPECT_EQ(shown(R"({"prompt": "2+2=", "completion": "4"})"), "2+2=[4|]");
}

TEST(Documents, OnlyWhatTheAssistantSaysCounts) {
  EXPECT_EQ(shown(R"({"messages": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hello"},
                      {"role": "assistant", "content": "Good day"}]})"),
            "system: Be kind.\nuser: Hello\nassistant:[ Good day|]");
}

TEST(Documents, AnEndFollowsEachMessageOfTheAssistant) {
  EXPECT_EQ(shown(R"({"messages": [{"role": "assistant", "content": "A"}, {"role": "user", "content": "B"},
                      {"role": "assistant", "content": "C"}]})"),
            "assistant:[ A|]\nuser: B\nassistant:[ C|]");
}

TEST(Documents, AConversationThatTheUserEndsHasAnEndThatDoesNotCount) {
  EXPECT_EQ(shown(R"({"messages": [{"role": "assistant", "content": "A"}, {"role": "user", "content": "B"}]})"),
            "assistant:[ A|]\nuser: B\n|");
}

TEST(Documents, OtherKeysAreIgnored) {
  EXPECT_EQ(shown(R"({"id": 3, "text": "a", "prompt": "where it came from"})"), "[a|]");
}

TEST(Documents, WhatIsWrongWithALineIsSaid) {
  EXPECT_EQ(shown("[1]"), "must be a JSON object, it is an array");
  EXPECT_EQ(shown("7"), "must be a JSON object, it is a number");
  EXPECT_EQ(shown(R"({"txt": "a"})"), "has neither \"text\" nor \"prompt\" and \"completion\" nor \"messages\"");
  EXPECT_EQ(shown(R"({"text": 3})"), "\"text\" must be a text, it is a number");
  EXPECT_EQ(shown(R"({"prompt": "a"})"), "\"completion\" is missing");
  EXPECT_EQ(shown(R"({"completion": "a"})"), "\"prompt\" is missing");
  EXPECT_EQ(shown(R"({"messages": {}})"), "\"messages\" must be an array, it is an object");
  EXPECT_EQ(shown(R"({"messages": []})"), "\"messages\" is empty");
  EXPECT_EQ(shown(R"({"messages": ["hi"]})"),
            "\"messages\"[0]: must be an object with \"role\" and \"content\", it is a string");
  EXPECT_EQ(shown(R"({"messages": [{"role": "user", "content": null}]})"),
            "\"messages\"[0]: \"content\" must be a text, it is a null");
  EXPECT_EQ(shown(R"({"messages": [{"role": "tool", "content": "a"}]})"),
            "\"messages\"[0]: role \"tool\" is unknown; known are system, user and assistant");
}

TEST(Documents, TheParserSaysWhereALineIsNotJson) {
  const std::string message = shown("{\"text\": oops}");
  EXPECT_EQ(message.find("is not JSON: parse error at column 10"), 0u) << message;
  EXPECT_LT(shown("{\"text\": \"" + std::string(100000, 'a')).size(), 300u);
}

TEST(Documents, ABadLineIsNamed) {
  const TemporaryFolder folder;
  write(folder.file("a.jsonl"), "{\"text\": \"one\"}\n\n{}\n");
  const auto texts = texts_of(folder.file("a.jsonl"));
  ASSERT_EQ(texts.size(), 2u);
  EXPECT_EQ(texts[1].find(folder.file("a.jsonl") + ": line 3: has neither"), 0u) << texts[1];
}

TEST(Documents, LinesMayEndAsOnWindowsAndBeBlank) {
  const TemporaryFolder folder;
  write(folder.file("a.jsonl"), "\xEF\xBB\xBF{\"text\": \"one\"}\r\n\r\n  \n{\"text\": \"two\"}");
  EXPECT_EQ(texts_of(folder.file("a.jsonl")), (std::vector<std::string>{"one", "two"}));
}

TEST(Documents, PlainTextKeepsItsLineEndsAndLosesItsByteOrderMark) {
  const TemporaryFolder folder;
  write(folder.file("a.txt"), "\xEF\xBB\xBFone\r\ntwo\n");
  EXPECT_EQ(texts_of(folder.file("a.txt")), std::vector<std::string>{"one\r\ntwo\n"});
}

TEST(Documents, AFileOfAnyOtherNameIsPlainText) {
  const TemporaryFolder folder;
  write(folder.file("poem"), "{}");
  EXPECT_EQ(texts_of(folder.file("poem")), std::vector<std::string>{"{}"});
}

TEST(Documents, AFileThatIsNoTextIsAnError) {
  const TemporaryFolder folder;
  std::ofstream(folder.file("wide.txt"), std::ios::binary) << std::string("a\0b\0", 4);
  const Status status = read_documents(folder.file("wide.txt"), [](const Document&) { return Status(); });
  EXPECT_EQ(status.code(), StatusCode::corrupt_file);
  EXPECT_NE(status.message().find("wide.txt: byte 1 of the text is 0"), std::string::npos) << status.message();
}

TEST(Documents, AFileWithoutADocumentIsAnError) {
  const TemporaryFolder folder;
  write(folder.file("empty.txt"), "");
  write(folder.file("mark.txt"), "\xEF\xBB\xBF");
  write(folder.file("blank.jsonl"), "\n \n");
  EXPECT_EQ(texts_of(folder.file("empty.txt"))[0], folder.file("empty.txt") + ": the file is empty");
  EXPECT_EQ(texts_of(folder.file("mark.txt"))[0],
            folder.file("mark.txt") + ": the file is empty but for its byte order mark");
  EXPECT_EQ(texts_of(folder.file("blank.jsonl"))[0], folder.file("blank.jsonl") + ": all lines are blank");
}

TEST(Documents, AFailureOfTheReceiverEndsTheReading) {
  const TemporaryFolder folder;
  write(folder.file("a.jsonl"), "{\"text\": \"one\"}\n{\"text\": \"two\"}\n");
  int calls = 0;
  const Status status = read_documents(folder.file("a.jsonl"), [&](const Document&) {
    ++calls;
    return Status(StatusCode::cancelled, "enough");
  });
  EXPECT_EQ(status.code(), StatusCode::cancelled);
  EXPECT_EQ(calls, 1);
}

TEST(CorpusFiles, AFolderGivesItsTextsBelowItSortedByName) {
  const TemporaryFolder folder;
  for (const char* name : {"b.md", "c/a.jsonl", "a.TXT", "picture.png", "c/notes"}) write(folder.file(name), "x");
  const auto files = corpus_files({folder.path().string()});
  ASSERT_TRUE(files.ok()) << files.message();
  EXPECT_EQ(*files, (std::vector<std::string>{folder.file("a.TXT"), folder.file("b.md"), folder.file("c/a.jsonl")}));
}

TEST(CorpusFiles, GivenFilesStayInTheirOrder) {
  const TemporaryFolder folder;
  write(folder.file("a"), "x");
  write(folder.file("b"), "x");
  EXPECT_EQ(*corpus_files({folder.file("b"), folder.file("a")}),
            (std::vector<std::string>{folder.file("b"), folder.file("a")}));
}

TEST(CorpusFiles, AFolderWithoutATextIsAnErrorThatNamesIt) {
  const TemporaryFolder folder;
  write(folder.file("picture.png"), "x");
  const auto files = corpus_files({folder.path().string()});
  EXPECT_EQ(files.code(), StatusCode::not_found);
  EXPECT_NE(files.message().find(folder.path().string()), std::string::npos);
}

TEST(CorpusFiles, AMissingFileIsAnErrorThatNamesIt) {
  const auto files = corpus_files({"no-such-file.txt"});
  EXPECT_EQ(files.code(), StatusCode::not_found);
  EXPECT_EQ(files.message(), "no-such-file.txt: no such file or folder");
}

}  // namespace
}  // namespace tritium
