#include "text/text_reader.h"

#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include "tests/support/temporary_folder.h"

#if !defined(_WIN32)
#include <sys/stat.h>
#endif

namespace tritium {
namespace {

using namespace std::string_literals;

class Texts : public ::testing::Test {
 protected:
  std::string write(const std::string& text, const std::string& name = "a.txt") {
    std::ofstream(folder_.file(name), std::ios::binary) << text;
    return folder_.file(name);
  }

  // The text, or the message after "PATH: ".
  std::string read(const std::string& bytes) {
    const std::string path = write(bytes);
    const Result<std::string> text = read_text(path);
    if (text.ok()) return *text;
    EXPECT_TRUE(text.message().starts_with(path + ": ")) << text.message();
    return text.message().substr(path.size() + 2);
  }

  TemporaryFolder folder_;
};

TEST_F(Texts, AreReadByteForByteButForTheMark) {
  EXPECT_EQ(read("one\r\ntwo\xFF"), "one\r\ntwo\xFF");
  EXPECT_EQ(read("\xEF\xBB\xBFone"), "one");
  EXPECT_EQ(read("one\xEF\xBB\xBF"), "one\xEF\xBB\xBF");
  EXPECT_EQ(read("\xEF\xBB\xBF"), "");
  EXPECT_EQ(read(""), "");
  EXPECT_EQ(read("\xEF\xBB"), "\xEF\xBB");
}

TEST_F(Texts, LargerThanTheBufferAreWhole) {
  std::string text;
  for (int i = 0; text.size() < 3500000; ++i) text += std::to_string(i) + "\n";
  EXPECT_EQ(read(text), text);
}

TEST_F(Texts, WhatIsNoTextIsNamed) {
  EXPECT_EQ(read("\xFF\xFEh\0i\0"s), "this is UTF-16; save it as UTF-8 (iconv -f UTF-16 -t UTF-8)");
  EXPECT_EQ(read("\xFE\xFF\0h\0i"s), "this is UTF-16; save it as UTF-8 (iconv -f UTF-16 -t UTF-8)");
  EXPECT_EQ(read("\xFF\xFE\0\0h\0\0\0"s), "this is UTF-32; save it as UTF-8 (iconv -f UTF-32 -t UTF-8)");
  EXPECT_EQ(read("h\0e\0l\0l\0o\0"s),
            "byte 1 of the text is 0: it looks like UTF-16; save it as UTF-8 (iconv -f UTF-16 "
            "-t UTF-8)");
  EXPECT_EQ(read("hello\0world"s), "byte 5 of the text is 0: a binary file, or not UTF-8");
  EXPECT_EQ(read(std::string(2000000, 'a') + "\0"s), "byte 2000000 of the text is 0: a binary file, or not UTF-8");
  EXPECT_EQ(read("\x1F\x8B\x08\0"s), "this is compressed by gzip; unpack it first (gunzip)");
  EXPECT_EQ(read("GGUF\3\0\0\0"s), "this is a GGUF model, not a text");
  EXPECT_EQ(read("%PDF-1.7"s), "this is a PDF; take its text out first (pdftotext)");
}

#if !defined(_WIN32)
TEST_F(Texts, OfAPipeAreWaitedFor) {
  const std::string path = folder_.file("pipe");
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  double waited = 0;
  std::thread writer;
  const Result<std::string> text = read_text(path, [&](double seconds) {
    waited = seconds;
    if (!writer.joinable())
      writer = std::thread([&] {
        std::ofstream(path) << "\xEF" << std::flush
                            << "\xBB\xBF"
                               "one"
                            << std::flush << "two";
      });
    return true;
  });
  writer.join();
  ASSERT_TRUE(text.ok()) << text.message();
  EXPECT_EQ(*text, "onetwo");
  EXPECT_GT(waited, 0);
}

TEST_F(Texts, OfAPipeThatNobodyWritesCanBeGivenUp) {
  const std::string path = folder_.file("pipe");
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  EXPECT_EQ(read_text(path, [](double) { return false; }).code(), StatusCode::cancelled);
}

TEST_F(Texts, ADeviceThatNeverEndsIsRefused) {
  EXPECT_NE(read_text("/dev/zero").message().find("byte 0 of the text is 0: a binary file"), std::string::npos);
  EXPECT_EQ(*read_text("/dev/null"), "");
}

TEST_F(Texts, ANameNeedNotBeUtf8) { EXPECT_EQ(*read_text(write("x", "a\xFF.txt")), "x"); }
#endif

TEST_F(Texts, AFolderOrNothingIsSaid) {
  EXPECT_NE(read_text(folder_.path().string()).message().find("cannot be read: Is a directory"), std::string::npos);
  EXPECT_EQ(read_text(folder_.file("none")).code(), StatusCode::not_found);
}

TEST_F(Texts, AreReadAStretchAtATime) {
  Result<TextReader> reader = TextReader::open(write("0123456789"));
  ASSERT_TRUE(reader.ok()) << reader.message();
  EXPECT_EQ(reader->ahead(1)->substr(0, 4), "0123");
  reader->skip(4);
  EXPECT_EQ(*reader->ahead(100), "456789");
  EXPECT_TRUE(reader->at_end(6));
  EXPECT_FALSE(reader->at_end(5));
  reader->skip(6);
  EXPECT_EQ(*reader->ahead(1), "");
}

TEST_F(Texts, ThatGrowMeanwhileAreReadToTheirEnd) {
  const std::string first(5000, 'a'), more(100000, 'b');
  const std::string path = write(first);
  Result<TextReader> reader = TextReader::open(path);
  ASSERT_TRUE(reader.ok()) << reader.message();
  std::ofstream(path, std::ios::app | std::ios::binary) << more;
  const Result<std::string_view> all = reader->ahead(1 << 20);
  ASSERT_TRUE(all.ok()) << all.message();
  EXPECT_EQ(*all, first + more);
}

}  // namespace
}  // namespace tritium
