#include "train/data/corpus.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "tests/support/temporary_folder.h"
#include "tests/text/small_vocabulary.h"
#include "train/data/byte_vocabulary.h"

namespace tritium {
namespace {

// A folder of files and the corpus they make, with a vocabulary of bytes.
class Corpora : public ::testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& text) {
    std::ofstream(folder_.file(name), std::ios::binary) << text;
    return folder_.file(name);
  }

  Result<Corpus> load(const CorpusOptions& options) { return load_corpus(options, *bytes_); }

  // With a single letter of plain text held out: all of `path` is trained on.
  CorpusTokens trained_on(const std::string& path, bool score_prompts = false) {
    const auto corpus =
        load({.paths = {path}, .valid_paths = {write("valid.txt", "v")}, .score_prompts = score_prompts});
    EXPECT_TRUE(corpus.ok()) << corpus.message();
    return corpus.ok() ? corpus->train : CorpusTokens();
  }

  // Tokens as text: what counts as it is, the rest as dots; < and > for the first and the end token, ( and ) if masked.
  static std::string shown(const CorpusTokens& stream) {
    std::string text;
    for (size_t i = 0; i < stream.tokens.size(); ++i) {
      const int32_t token = stream.tokens[i];
      const bool scored = stream.scored[i] != 0;
      if (token == 1) {
        text += scored ? '<' : '(';
      } else if (token == 2) {
        text += scored ? '>' : ')';
      } else {
        text += scored ? static_cast<char>(token - 3) : '.';
      }
    }
    return text;
  }

  std::string message_of(const CorpusOptions& options) { return load(options).message(); }

  TemporaryFolder folder_;
  std::shared_ptr<const Tokenizer> bytes_ = *Tokenizer::from_metadata(byte_vocabulary());
};

TEST_F(Corpora, PlainTextHasAFirstTokenAndNoEnd) { EXPECT_EQ(shown(trained_on(write("a.txt", "abc\n"))), "(abc\n"); }

TEST_F(Corpora, EveryLineIsADocumentWithItsFirstAndEndToken) {
  const auto path = write("a.jsonl", "{\"text\": \"ab\"}\n{\"prompt\": \"cd\", \"completion\": \"ef\"}\n");
  EXPECT_EQ(shown(trained_on(path)), "(ab>(..ef>");
}

TEST_F(Corpora, OfAConversationOnlyTheAssistantCounts) {
  const auto path =
      write("a.jsonl", R"({"messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": "ab"},)"
                       R"( {"role": "user", "content": "y"}]})");
  EXPECT_EQ(shown(trained_on(path)), "(.................. ab>.........)");
}

TEST_F(Corpora, PromptsCountWhereAskedFor) {
  const auto path = write("a.jsonl", "{\"prompt\": \"cd\", \"completion\": \"ef\"}\n");
  EXPECT_EQ(shown(trained_on(path, true)), "(cdef>");
}

TEST_F(Corpora, ACompletionBeginsWithoutTheSpaceOfAFirstWord) {
  Metadata m = byte_vocabulary();
  m.set("tokenizer.ggml.add_space_prefix", true);
  const auto path = write("a.jsonl", "{\"prompt\": \"cd\", \"completion\": \"ef\"}\n");
  const auto corpus = load_corpus({.paths = {path}, .valid_paths = {path}}, **Tokenizer::from_metadata(m));
  ASSERT_TRUE(corpus.ok()) << corpus.message();
  EXPECT_EQ(shown(corpus->train), "(...ef>");
}

TEST_F(Corpora, PlainTextIsCutAtTheToken) {
  const auto corpus = load({.paths = {write("a.txt", "abcdefghi")}, .valid_fraction = 0.25});
  ASSERT_TRUE(corpus.ok()) << corpus.message();
  EXPECT_EQ(shown(corpus->train), "(abcdef");
  EXPECT_EQ(shown(corpus->valid), "ghi");
  EXPECT_EQ(corpus->n_documents, 1);
}

TEST_F(Corpora, LinesAreHeldOutAsAWhole) {
  const auto path = write("a.jsonl", "{\"text\": \"abcdef\"}\n{\"text\": \"ghijkl\"}\n{\"text\": \"m\"}\n");
  const auto corpus = load({.paths = {path}, .valid_fraction = 0.2});
  ASSERT_TRUE(corpus.ok()) << corpus.message();
  EXPECT_EQ(shown(corpus->train), "(abcdef>");
  EXPECT_EQ(shown(corpus->valid), "(ghijkl>(m>");
  EXPECT_EQ(corpus->n_documents, 3);
}

TEST_F(Corpora, OfSeveralPlainTextsTheOneAtTheCutIsCut) {
  const auto corpus = load({.paths = {write("a.txt", "aaaa"), write("b.txt", "bbbb")}, .valid_fraction = 0.3});
  ASSERT_TRUE(corpus.ok()) << corpus.message();
  EXPECT_EQ(shown(corpus->train), "(aaaa(b");
  EXPECT_EQ(shown(corpus->valid), "bbb");
}

TEST_F(Corpora, HeldOutFilesLeaveTheOthersWhole) {
  const auto corpus = load({.paths = {write("a.txt", "abc")}, .valid_paths = {write("b.txt", "de")}});
  ASSERT_TRUE(corpus.ok()) << corpus.message();
  EXPECT_EQ(shown(corpus->train), "(abc");
  EXPECT_EQ(shown(corpus->valid), "(de");
  EXPECT_EQ(corpus->n_documents, 2);
}

TEST_F(Corpora, AVocabularyWithoutFirstAndEndTokenHasNone) {
  const auto letters = *Tokenizer::from_metadata(character_vocabulary("abc"));
  const auto path = write("a.jsonl", "{\"text\": \"abc\"}\n");
  const auto corpus = load_corpus({.paths = {path}, .valid_paths = {path}}, *letters);
  ASSERT_TRUE(corpus.ok()) << corpus.message();
  EXPECT_EQ(corpus->train.tokens, (std::vector<int32_t>{1, 2, 3}));
  EXPECT_EQ(corpus->train.scored, (std::vector<uint8_t>{1, 1, 1}));
}

TEST_F(Corpora, ALongTextIsTokenizedAsAWhole) {
  Metadata m = vocabulary({{"\xE2\x96\x81"},
                           {"a"},
                           {"b"},
                           {"\n"},
                           {"ab", -1},
                           {"\xE2\x96\x81"
                            "ab",
                            -2}});
  m.set("tokenizer.ggml.add_space_prefix", true);
  const auto t = tokenizer_of(m);
  std::string text;
  while (text.size() < (size_t{5} << 19)) text += text.size() % 7 == 0 ? "abab\n\n" : "ab ab\n";
  const auto path = write("a.txt", text);
  const auto corpus = load_corpus({.paths = {path}, .valid_paths = {path}}, *t);
  ASSERT_TRUE(corpus.ok()) << corpus.message();
  EXPECT_TRUE(corpus->train.tokens == t->encode(text, {.add_bos = true}));
}

TEST_F(Corpora, ATextInWhichNothingCountsIsAnError) {
  const auto prompt = write("a.jsonl", R"({"messages": [{"role": "user", "content": "x"}]})");
  const std::string message = message_of({.paths = {prompt}, .valid_paths = {write("b.txt", "b")}});
  EXPECT_EQ(message.find("all tokens are masked: none of the 10 tokens of the part to train on"), 0u) << message;
  const std::string held_out = message_of({.paths = {write("b.txt", "b")}, .valid_paths = {prompt}});
  EXPECT_EQ(held_out.find("all tokens are masked: none of the 10 tokens of the held-out part"), 0u) << held_out;
}

TEST_F(Corpora, OneLineCannotBeBothTrainedOnAndHeldOut) {
  const auto corpus = load({.paths = {write("a.jsonl", "{\"text\": \"abcdef\"}\n")}});
  EXPECT_EQ(corpus.code(), StatusCode::invalid_argument);
  EXPECT_EQ(corpus.message().find("the part to train on is empty"), 0u) << corpus.message();
}

TEST_F(Corpora, AFileThatCannotBeReadIsNamed) {
  EXPECT_EQ(message_of({.paths = {folder_.file("none.txt")}}), folder_.file("none.txt") + ": no such file or folder");
  const auto empty = write("empty.txt", "");
  EXPECT_EQ(message_of({.paths = {empty}}), empty + ": the file is empty");
}

TEST_F(Corpora, OptionsThatCannotBeMetAreErrors) {
  const auto path = write("a.txt", "abc");
  EXPECT_EQ(load({}).code(), StatusCode::invalid_argument);
  EXPECT_EQ(load({.paths = {path}, .valid_fraction = 0}).code(), StatusCode::invalid_argument);
  EXPECT_EQ(load({.paths = {path}, .valid_fraction = 1}).code(), StatusCode::invalid_argument);
}

TEST_F(Corpora, ACorpusWithoutATokenIsAnError) {
  const auto t = tokenizer_of([] {
    Metadata m = vocabulary({});
    m.set("tokenizer.ggml.bos_token_id", int64_t{-1});
    m.set("tokenizer.ggml.unknown_token_id", int64_t{-1});
    return m;
  }());
  const auto corpus = load_corpus({.paths = {write("a.txt", "abc")}}, *t);
  EXPECT_EQ(corpus.message(), "the corpus is empty: its files give no token");
}

}  // namespace
}  // namespace tritium
