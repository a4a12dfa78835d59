// However a text is cut into pieces, the same of it is let through, and the same stop text is found.
#include "api/stop_texts.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "text/utf8.h"

namespace tritium {
namespace {

struct Through {
  std::string text;
  std::string found;
  bool operator==(const Through&) const = default;
};

// Straight from the definition: the first end of any, of those that end there the longest.
Through expected(const std::string& text, const std::vector<std::string>& stops) {
  for (size_t end = 1; end <= text.size(); ++end) {
    std::string longest;
    for (const std::string& stop : stops)
      if (std::string_view(text).substr(0, end).ends_with(stop) && stop.size() > longest.size()) longest = stop;
    if (!longest.empty()) return {text.substr(0, end - longest.size()), longest};
  }
  return {text, ""};
}

Through in_pieces(const std::vector<std::string>& pieces, const std::vector<std::string>& stops) {
  StopTexts stop(stops);
  Through result;
  std::string before;
  for (const std::string& piece : pieces) {
    before += piece;
    result.text += stop.push(piece);
    // Nothing is handed out that would have to be taken back, nor held back that is certain.
    EXPECT_TRUE(expected(before, stops).text.starts_with(result.text));
    if (!stop.found().empty()) break;
  }
  if (stop.found().empty()) result.text += stop.flush();
  result.found = stop.found();
  EXPECT_EQ(stop.flush(), "");
  return result;
}

std::vector<std::string> characters(const std::string& text) {
  std::vector<std::string> all;
  for (size_t at = 0; at < text.size();) {
    const size_t n = utf8_length(std::string_view(text).substr(at));
    all.push_back(text.substr(at, n));
    at += n;
  }
  return all;
}

// Every way to cut the text between characters: bit i of a number says whether there is a cut after character i.
void expect_the_same_at_every_split(const std::string& text, const std::vector<std::string>& stops) {
  const std::vector<std::string> all = characters(text);
  ASSERT_LE(all.size(), 14u);
  for (uint32_t cuts = 0; cuts < 1u << (all.size() - 1); ++cuts) {
    std::vector<std::string> pieces(1);
    for (size_t i = 0; i < all.size(); ++i) {
      pieces.back() += all[i];
      if (cuts >> i & 1) pieces.emplace_back();
    }
    ASSERT_EQ(in_pieces(pieces, stops), expected(text, stops)) << text << ", cuts " << cuts;
  }
}

TEST(StopTexts, AreFoundAtEverySplit) {
  expect_the_same_at_every_split("one two three", {"two"});
  expect_the_same_at_every_split("aaabaaab!", {"aab"});
  expect_the_same_at_every_split("ababababc", {"ababc"});
  expect_the_same_at_every_split("no such text", {"texts", "nosuch"});
  expect_the_same_at_every_split("the end", {"end"});
  expect_the_same_at_every_split("end", {"end"});
}

TEST(StopTexts, TheOneThatEndsFirstIsFoundAndOfThoseTheLongest) {
  expect_the_same_at_every_split("xabcdx", {"abcd", "bc"});
  expect_the_same_at_every_split("xabcdx", {"cd", "abcd", "bcd"});
  expect_the_same_at_every_split("abababx", {"babx", "abab"});
}

TEST(StopTexts, OfSeveralBytesACharacterAreFoundToo) {
  expect_the_same_at_every_split("gr\u00fc\u00dfe \U0001F600\u00e9!", {"\U0001F600\u00e9"});
  expect_the_same_at_every_split("\u00e8\u00e8\u00e9\u00ea", {"\u00e9\u00ea"});  // the first byte is that of the others
}

TEST(StopTexts, WhatIsLetThroughIsWholeCharacters) {
  StopTexts stop({"\u00e9\u00ea"});
  EXPECT_EQ(stop.push("a\u00e8"), "a\u00e8");
  EXPECT_EQ(stop.push("\u00e9"), "");
  EXPECT_EQ(stop.push("\u00e9"), "\u00e9");
  EXPECT_EQ(stop.flush(), "\u00e9");
}

TEST(StopTexts, WithoutAnyNothingIsHeldBack) {
  StopTexts none({});
  EXPECT_EQ(none.push("text"), "text");
  EXPECT_EQ(none.flush(), "");
  EXPECT_EQ(none.found(), "");
}

TEST(StopTexts, ThatAreEmptyOrNotUtf8AreRefused) {
  EXPECT_TRUE(StopTexts::check({"a", "\u00e9"}).ok());
  EXPECT_EQ(StopTexts::check({"a", ""}).code(), StatusCode::invalid_argument);
  EXPECT_EQ(StopTexts::check({"\xC3"}).code(), StatusCode::invalid_argument);
  EXPECT_EQ(StopTexts::check({"\xFF"}).code(), StatusCode::invalid_argument);
}

}  // namespace
}  // namespace tritium
