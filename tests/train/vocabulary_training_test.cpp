#include "tritium/vocabulary_training.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/support/temporary_folder.h"
#include "tritium/vocabulary.hpp"

namespace tritium {
namespace {

class VocabularyTraining : public ::testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& text) {
    std::ofstream(folder_.file(name), std::ios::binary) << text;
    return folder_.file(name);
  }

  std::string bytes_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  static std::string some_text() {
    std::string text;
    for (int i = 0; i < 400; ++i) text += "a mill stood by the river " + std::to_string(i) + ",\n";
    return text;
  }

  TemporaryFolder folder_;
};

TEST_F(VocabularyTraining, AFileIsWrittenThatTokenizesTheTextAsReported) {
  const std::string text = some_text(), output = folder_.file("vocab.gguf");
  const auto trained = train_vocabulary({.data = {write("a.txt", text)}, .output = output, .vocab_size = 300});
  ASSERT_TRUE(trained.ok()) << trained.message();
  const auto vocabulary = Vocabulary::open(output);
  ASSERT_TRUE(vocabulary.ok()) << vocabulary.message();
  EXPECT_TRUE(vocabulary->warnings().empty());
  EXPECT_EQ(vocabulary->size(), 300);
  const auto tokens = vocabulary->tokenize(text);
  EXPECT_EQ(std::ssize(*tokens), trained->n_tokens);
  EXPECT_EQ(std::ssize(text), trained->n_bytes);
  EXPECT_EQ(*vocabulary->detokenize(*tokens), text);
}

TEST_F(VocabularyTraining, TheSameTextGivesTheSameFile) {
  const std::string data = write("a.txt", some_text());
  for (const char* name : {"1.gguf", "2.gguf"})
    ASSERT_TRUE(train_vocabulary({.data = {data}, .output = folder_.file(name), .vocab_size = 300}).ok());
  EXPECT_EQ(bytes_of(folder_.file("1.gguf")), bytes_of(folder_.file("2.gguf")));
}

TEST_F(VocabularyTraining, RecordsAndFoldersGiveTheTextThatTrainingReads) {
  std::filesystem::create_directory(folder_.file("texts"));
  write("texts/a.jsonl", "{\"text\": \"ab ab\"}\n{\"text\": \"ab ab\"}\n");
  write("texts/b.txt", "ab ab");
  const auto trained =
      train_vocabulary({.data = {folder_.file("texts")}, .output = folder_.file("vocab.gguf"), .vocab_size = 264});
  ASSERT_TRUE(trained.ok()) << trained.message();
  EXPECT_EQ(trained->n_bytes, 15);
  EXPECT_EQ(trained->n_tokens, 6);  // "▁ab" each
}

TEST_F(VocabularyTraining, BytesThatAreNotUtf8AreCounted) {
  const auto trained = train_vocabulary(
      {.data = {write("a.txt", "ab\xFF ab\xC3")}, .output = folder_.file("vocab.gguf"), .vocab_size = 264});
  ASSERT_TRUE(trained.ok()) << trained.message();
  EXPECT_EQ(trained->n_invalid_bytes, 2);
  EXPECT_EQ(trained->n_tokens, 4);
}

TEST_F(VocabularyTraining, NothingIsWrittenWhereItFailsOrIsCancelled) {
  const std::string output = write("vocab.gguf", "as it was");
  const std::string data = write("a.txt", some_text());
  EXPECT_EQ(train_vocabulary({.data = {data}, .output = output, .vocab_size = 100}).code(),
            StatusCode::invalid_argument);
  EXPECT_EQ(train_vocabulary({.data = {data}, .output = output, .keep_going = [] { return false; }}).code(),
            StatusCode::cancelled);
  const auto stop_at = [&](const std::string& phase) {
    return train_vocabulary(
        {.data = {data}, .output = output, .vocab_size = 300, .progress = [&](const std::string& what, double) {
           return what != phase;
         }});
  };
  EXPECT_EQ(stop_at("reading").code(), StatusCode::cancelled);
  EXPECT_EQ(stop_at("merging").code(), StatusCode::cancelled);
  EXPECT_EQ(bytes_of(output), "as it was");
  EXPECT_TRUE(stop_at("nothing").ok());
}

TEST_F(VocabularyTraining, TheTextIsNotOverwritten) {
  const std::string data = write("a.txt", some_text());
  EXPECT_EQ(train_vocabulary({.data = {data}, .output = data, .vocab_size = 300}).code(), StatusCode::invalid_argument);
  EXPECT_EQ(bytes_of(data), some_text());
}

TEST_F(VocabularyTraining, WhatCannotBeReadIsNamed) {
  const auto message = [&](const std::string& data) {
    return train_vocabulary({.data = {data}, .output = folder_.file("vocab.gguf")}).message();
  };
  EXPECT_NE(message(folder_.file("none.txt")).find("none.txt: no such file"), std::string::npos);
  EXPECT_NE(message(write("empty.txt", "")).find("empty.txt: the file is empty"), std::string::npos);
  EXPECT_NE(message(write("wide.txt",
                          "\xFF\xFE"
                          "a"))
                .find("UTF-16"),
            std::string::npos);
}

}  // namespace
}  // namespace tritium
