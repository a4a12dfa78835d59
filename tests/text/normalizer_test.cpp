#include "text/normalizer.h"

#include <gtest/gtest.h>

#include <chrono>

#include "text/unicode.h"

namespace tritium {
namespace {

std::string changed(std::vector<std::string> steps, std::string_view text) {
  const Result<Normalizer> made = Normalizer::make(std::move(steps));
  EXPECT_TRUE(made.ok()) << made.message();
  return (*made)(text);
}

TEST(Normalizer, NormalFormsAreUnicodes) {
  EXPECT_EQ(changed({"NFC"}, "e\u0301\u212B"), "\u00E9\u00C5");
  EXPECT_EQ(changed({"NFD"}, "\u00E9"), "e\u0301");
  EXPECT_EQ(changed({"NFKC"}, "\uFB01\u00BD"), "fi1\u20442");
  EXPECT_EQ(changed({"NFKD"}, "\u1E9B\u0323"), "s\u0323\u0307");
  EXPECT_EQ(changed({"NFC"}, "\u1100\u1161\u11A8"), "\uAC01");
}

TEST(Normalizer, WhatIsNoUtf8StaysAsItIs) {
  EXPECT_EQ(changed({"NFC"},
                    "e\u0301\xFF\xC3"
                    "e\u0301"),
            "\u00E9\xFF\xC3\u00E9");
  EXPECT_EQ(changed({"Lowercase"}, "\xFF\u00C4"), "\xFF\u00E4");
}

TEST(Normalizer, StepsFollowEachOther) {
  const std::string replace = Normalizer::replace_step("a:", "bb");
  EXPECT_EQ(changed({"Lowercase", replace, "Prepend:> "}, "A:a:"), "> bbbb");
  EXPECT_EQ(changed({"Strip:left"}, " \u3000a "), "a ");
  EXPECT_EQ(changed({"Strip:right"}, " a\u3000\n"), " a");
  EXPECT_EQ(changed({"NFD", "StripAccents"}, "\u00E9"), "e");
  EXPECT_EQ(changed({"Prepend:x"}, ""), "");
  EXPECT_EQ(changed({}, "a"), "a");
}

TEST(Normalizer, AnUnknownStepIsNamed) {
  for (const char* step : {"NFX", "Replace:", "Replace:9:ab", "Replace:0:ab", "Strip", ""})
    EXPECT_EQ(Normalizer::make({step}).message(), "the change of text \"" + std::string(step) + "\" is not known here");
}

TEST(Normalizer, AMillionMarksTakeLittleTime) {
  std::string text = "a";
  for (int i = 0; i < 250'000; ++i) text += "\u0316\u0301";  // of two classes, each out of order with the next
  const auto start = std::chrono::steady_clock::now();
  EXPECT_GT(changed({"NFC"}, text).size(), 900'000u);
  EXPECT_LT(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(), 20);
}

TEST(Normalizer, ALongTextIsThatOfItsParts) {
  std::string text, expected;
  for (int i = 0; i < 3000; ++i) {
    text += "e\u0301 ";
    expected += "\u00E9 ";
  }
  EXPECT_EQ(changed({"NFC"}, text), expected);
}

TEST(Unicode, KnowsSpacesAndWords) {
  EXPECT_TRUE(is_space(" ") && is_space("\u3000") && is_space("\u0085"));
  EXPECT_FALSE(is_space("") || is_space("a") || is_space("\x85") || is_space("\u200B"));
  EXPECT_TRUE(is_word_character("a") && is_word_character("\u00E9") && is_word_character("_") &&
              is_word_character("1"));
  EXPECT_FALSE(is_word_character("-") || is_word_character("") || is_word_character("\xFF"));
  EXPECT_EQ(last_character("a\u00E9"), "\u00E9");
  EXPECT_EQ(last_character("a\xA9"), "\xA9");
  EXPECT_EQ(spaces_at_start(" \u3000a "), 4u);
  EXPECT_EQ(spaces_at_end(" a\u3000 "), 4u);
  EXPECT_TRUE(is_utf8("a\u00E9") && is_utf8(""));
  EXPECT_FALSE(is_utf8("a\xC3"));
}

}  // namespace
}  // namespace tritium
