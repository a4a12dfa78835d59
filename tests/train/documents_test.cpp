#include "train/data/documents.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

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

TEST(Documents, AnInstructionIsAUsersMessage) {
  EXPECT_EQ(shown(R"({"instruction": "Add.", "input": "2, 2", "output": "4"})"), "user: Add.\n2, 2\nassistant:[ 4|]");
  EXPECT_EQ(shown(R"({"instruction": "Greet.", "input": "", "output": "Hi"})"), "user: Greet.\nassistant:[ Hi|]");
  EXPECT_EQ(shown(R"({"instruction": "Greet.", "output": "Hi", "system": "Be kind."})"),
            "system: Be kind.\nuser: Greet.\nassistant:[ Hi|]");
  EXPECT_EQ(shown(R"({"instruction": "Greet."})"), "\"output\" is missing");
  EXPECT_EQ(shown(R"({"instruction": "a", "output": "b", "history": [["c", "d"]]})"),
            "\"history\" is not known here; write the conversation as \"messages\"");
}

TEST(Documents, ConversationsMayBeThoseOfShareGpt) {
  EXPECT_EQ(
      shown(
          R"({"id": 1, "conversations": [{"from": "human", "value": "Hello"}, {"from": "gpt", "value": "Good day"}]})"),
      "user: Hello\nassistant:[ Good day|]");
  EXPECT_EQ(
      shown(
          R"({"system": "Be kind.", "conversations": [{"from": "human", "value": "A"}, {"from": "gpt", "value": "B"}]})"),
      "system: Be kind.\nuser: A\nassistant:[ B|]");
  EXPECT_EQ(shown(R"({"conversations": [{"role": "user", "content": "A"}, {"role": "assistant", "content": "B"}]})"),
            "user: A\nassistant:[ B|]");
  EXPECT_EQ(
      shown(R"({"conversations": [{"from": "observation", "value": "A"}]})"),
      "\"conversations\"[0]: role \"observation\" is unknown; known are system, user (human) and assistant (gpt)");
}

TEST(Documents, AWholeKindGoesBeforeHalfOfAnother) {
  EXPECT_EQ(shown(R"({"prompt": "a", "messages": [{"role": "assistant", "content": "b"}]})"), "assistant:[ b|]");
}

TEST(Documents, OtherKeysAreIgnored) {
  EXPECT_EQ(shown(R"({"id": 3, "text": "a", "prompt": "where it came from"})"), "[a|]");
}

TEST(Documents, WhatIsWrongWithALineIsSaid) {
  EXPECT_EQ(shown("[1]"), "must be a JSON object, it is an array");
  EXPECT_EQ(shown("7"), "must be a JSON object, it is a number");
  EXPECT_EQ(shown(R"({"txt": "a"})"),
            "has neither \"text\" nor \"prompt\" and \"completion\" nor \"messages\" nor \"conversations\" nor "
            "\"instruction\" and \"output\"");
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
            "\"messages\"[0]: role \"tool\" is unknown; known are system, user (human) and assistant (gpt)");
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
  for (const char* text : {"a poem", "{ braces }", "{\"a\": open", "[1, 2]", "[a note] of a play", "[{curly} and more]",
                           "7", "\"quoted\""}) {
    write(folder.file("poem"), text);
    EXPECT_EQ(texts_of(folder.file("poem")), std::vector<std::string>{text});
  }
}

TEST(Documents, JsonIsKnownByWhatItIs) {
  const TemporaryFolder folder;
  const std::string one = R"({"text": "one"})", two = R"({"text": "two"})";
  const std::vector<std::string> both{"one", "two"};
  for (const char* name : {"a", "a.txt", "a.json", "a.jsonl", "a.ndjson", "a.JSON"}) {
    const std::string path = folder.file(name);
    for (const std::string& text : {one + "\n" + two, one + "\r\n\r\n" + two + "\r\n", "[" + one + "," + two + "]",
                                    " [\n" + one + ",\n" + two + "\n]\n", "\xEF\xBB\xBF" + one + "\n" + two,
                                    "\xEF\xBB\xBF[" + one + ", " + two + "]",
                                    std::string("{\n  \"text\": \"one\"\n}\n{\n  \"text\":\n\"two\"\n}\n")}) {
      write(path, text);
      EXPECT_EQ(texts_of(path), both) << name << "\n" << text;
    }
    write(path, "{\n\"text\": \"one\"}");
    EXPECT_EQ(texts_of(path), std::vector<std::string>{"one"}) << name;
  }
}

TEST(Documents, JsonOfNoKnownKindIsRefusedWithItsPlace) {
  const TemporaryFolder folder;
  const auto expect = [&](const std::string& name, const std::string& text, const std::string& refusal) {
    write(folder.file(name), text);
    const std::string message = texts_of(folder.file(name)).back();
    EXPECT_TRUE(message.starts_with(folder.file(name) + ": " + refusal)) << message;
  };
  expect("a", "{}", "line 1: has neither \"text\" nor \"prompt\" and \"completion\" nor");
  expect("a.txt", "\n{\"name\": \"x\"}", "line 2: has neither");
  expect("a.json", "[\n{\"text\": \"a\"},\n\n{\"b\": 1}]", "line 4, record 2: has neither");
  expect("a.json", "[1, 2]", "line 1, record 1: must be a JSON object, it is a number");
  expect("a.json", "prose", "line 1: is not JSON: parse error at column 1: syntax error");
  expect("a.json", "[]", "the array is empty");
  expect("a.json", "[{\"text\": \"a\"}", "line 1: the file ends within the array");
  expect("a.json", "[{\"text\": \"a\"},", "line 1: the file ends within the array");
  expect("a.json", "[{\"text\": \"a\"} {\"text\": \"b\"}]",
         "line 1: a comma is missing between the records of the array");
  expect("a.json", "[{\"text\": \"a\"}]\n\nmore", "line 3: more follows the end of the array");
  expect("a.json", "[{\"text\": \"a\"},]", "line 1, record 2: is not JSON: parse error at column 1");
  expect("a.jsonl", "{\"text\": \"a\n{\"text\": \"b\"}\n", "line 1: is not JSON: parse error at column 12");
  expect("a.jsonl", "{\"text\": \"a\"}\n{\"text\": \"b\"\n", "line 2: is not JSON: parse error at column 13");
  expect("a.csv", "a,b\n1,2\n", "tables are not read; write each row as a JSON line");
}

TEST(Documents, JsonThatIsNestedDeepEndsNothing) {
  const TemporaryFolder folder;
  const std::string deep = "{\"text\": \"a\", \"b\": " + std::string(1000000, '[');
  for (const std::string& text :
       {deep, deep + std::string(1000000, ']') + "}", "[" + deep, std::string(1000000, '{')}) {
    write(folder.file("a.jsonl"), text);
    EXPECT_NE(texts_of(folder.file("a.jsonl")).back().find("is nested deeper than 64 levels"), std::string::npos);
  }
  EXPECT_EQ(shown("{\"text\": \"a\", \"b\": " + std::string(60, '[') + std::string(60, ']') + "}"), "[a|]");
}

TEST(Documents, LongTextsComeInPiecesThatEndAfterALine) {
  const TemporaryFolder folder;
  std::string text;
  for (int i = 0; text.size() < 5000000; ++i) text += "line " + std::to_string(i) + (i % 7 == 0 ? "\n\n" : "\n");
  write(folder.file("a.txt"), text);
  std::string whole;
  int documents = 0, pieces = 0;
  ASSERT_TRUE(read_documents(folder.file("a.txt"), [&](const Document& document) {
                documents += document.continues ? 0 : 1;
                ++pieces;
                whole += document.parts.front().text;
                EXPECT_EQ(document.parts.front().text.back(), '\n');
                EXPECT_NE(document.parts.front().text.front(), '\n');
                return Status();
              }).ok());
  EXPECT_EQ(documents, 1);
  EXPECT_GE(pieces, 4);
  EXPECT_EQ(whole, text);
}

TEST(Documents, ManyRecordsOnOneLineAreRead) {
  const TemporaryFolder folder;
  std::string text = "[";
  for (int i = 0; i < 100000; ++i)
    text += (i > 0 ? ", " : "") + ("{\"text\": \"r" + std::to_string(i) + " } ] \\\" \"}");
  write(folder.file("a.json"), text + "]");
  const auto texts = texts_of(folder.file("a.json"));
  ASSERT_EQ(texts.size(), 100000u);
  EXPECT_EQ(texts.back(), "r99999 } ] \" ");
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

TEST(CorpusFiles, LinksToFilesAreReadAndLinksToFoldersAreNotFollowed) {
  const TemporaryFolder folder;
  write(folder.file("a/book.txt"), "x");
  std::filesystem::create_symlink("a/book.txt", folder.file("link.txt"));
  std::filesystem::create_directory_symlink("..", folder.file("a/circle"));
  EXPECT_EQ(*corpus_files({folder.path().string()}),
            (std::vector<std::string>{folder.file("a/book.txt"), folder.file("link.txt")}));
}

TEST(CorpusFiles, TheLogOfARunIsNoText) {
  const TemporaryFolder folder;
  for (const char* name : {"a.txt", "b.ndjson", "run/log.csv", "run/log.jsonl", "run/notes.txt", "other/log.jsonl"})
    write(folder.file(name), "x");
  EXPECT_EQ(*corpus_files({folder.path().string()}),
            (std::vector<std::string>{folder.file("a.txt"), folder.file("b.ndjson"), folder.file("other/log.jsonl"),
                                      folder.file("run/notes.txt")}));
}

TEST(CorpusFiles, APipeIsRefusedAndNotWaitedFor) {
  const TemporaryFolder folder;
  ASSERT_EQ(::mkfifo(folder.file("pipe").c_str(), 0600), 0);
  for (const std::string& path : {folder.file("pipe"), std::string("-"), std::string("/dev/null")}) {
    const auto files = corpus_files({path});
    EXPECT_EQ(files.code(), StatusCode::io_error);
    EXPECT_TRUE(files.message().starts_with(path + ": training reads its texts more than once")) << files.message();
  }
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
