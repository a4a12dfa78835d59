// Replies taken apart: each family's, whole and in pieces, and what somebody wrote to do harm.
#include <gtest/gtest.h>

#include <random>

#include "tests/text/reply_cases.h"

namespace tritium {

void PrintTo(const ReplyParts& parts, std::ostream* out) {
  *out << "content: " << parts.content << "\nreasoning: " << parts.reasoning
       << "\ncalls: " << tool_calls_json(parts.calls);
}

namespace {

ReplyParts parsed(const std::string& chat_template, const std::string& text) {
  return reply_parts(reply_format_with_tools(chat_template), text);
}

// The same in pieces, whose ends are drawn.
ReplyParts in_pieces(const ReplyFormat& format, std::string_view text, std::mt19937& random) {
  ReplyParser parser(format);
  ReplyParts parts;
  while (!text.empty()) {
    const size_t n = std::min<size_t>(text.size(), random() % 7);
    parts += parser.append(text.substr(0, n));
    text.remove_prefix(n);
  }
  parts += parser.finish();
  return parts;
}

TEST(Reply, MeansWhatItsFamilySays) {
  for (const ReplyCase& one : reply_cases()) EXPECT_EQ(parsed(one.chat_template, one.text), one.meaning) << one.text;
}

TEST(Reply, WhatIsNoValidCallIsContentAsItIsWritten) {
  for (const ReplyCase& one : replies_without_calls())
    EXPECT_EQ(parsed(one.chat_template, one.text), one.meaning) << one.text;
}

TEST(Reply, IsTheSameWhereverItIsCut) {
  std::mt19937 random(7);
  std::vector<ReplyCase> cases = reply_cases();
  for (ReplyCase& one : replies_without_calls()) cases.push_back(one);
  for (const ReplyCase& one : cases) {
    ReplyFormat format = reply_format_with_tools(one.chat_template);
    for (int n = 0; n < 60; ++n) EXPECT_EQ(in_pieces(format, one.text, random), one.meaning) << one.text;
    // Two replies, cut off or mixed with another one's: whatever they mean.
    for (int n = 0; n < 60; ++n) {
      const std::string& other = cases[random() % cases.size()].text;
      std::string text = one.text.substr(0, random() % (one.text.size() + 1)) + other;
      text.resize(random() % (text.size() + 1));
      format.begins_in_reasoning = !format.reasoning_open.empty() && random() % 2 == 0;
      EXPECT_EQ(in_pieces(format, text, random), reply_parts(format, text)) << text;
    }
  }
}

TEST(Reply, BeginsInTheThoughtThatThePromptOpened) {
  ReplyFormat format = reply_format_with_tools(kHermes);
  EXPECT_TRUE(ends_in_reasoning(format, "<|im_start|>assistant\n<think>\n"));
  EXPECT_FALSE(ends_in_reasoning(format, "<think>\n\n</think>\n\n"));
  EXPECT_FALSE(ends_in_reasoning(reply_format(""), "<think>\n"));
  format.begins_in_reasoning = true;
  EXPECT_EQ(reply_parts(format, "Hm.\n</think>\n\nYes."), calls({}, "Yes.", "Hm."));
  EXPECT_EQ(reply_parts(format, "<think>\nHm.</think>Yes."), calls({}, "Yes.", "Hm."));
  EXPECT_EQ(reply_parts(format, "Hm, and no end </thi"), calls({}, "", "Hm, and no end </thi"));
}

TEST(Reply, ReasoningComesFirstOrBehindCalls) {
  EXPECT_EQ(parsed(kHermes, "a <think>b</think>"), calls({}, "a <think>b</think>"));
  EXPECT_EQ(
      parsed(kHermes,
             "<think>a</think><tool_call>{\"name\": \"f\"}</tool_call><think>\nb</think><tool_call>{\"name\": \"g\"}"),
      calls({{"", "f", "{}"}, {"", "g", "{}"}}, "", "a\nb"));
}

TEST(Reply, TextGoesOnBehindACall) {
  EXPECT_EQ(parsed(kHermes, "a\n<tool_call>{\"name\": \"f\"}</tool_call>\nb\n"), calls({{"", "f", "{}"}}, "a\nb\n"));
  EXPECT_EQ(parsed(kHermes, "<tool_call>no</tool_call><tool_call>{\"name\": \"f\"}</tool_call>"),
            calls({{"", "f", "{}"}}, "<tool_call>no</tool_call>"));
}

TEST(Reply, CallsComeWithTheByteThatMakesThemCertain) {
  ReplyParser parser(reply_format_with_tools(kHermes));
  EXPECT_EQ(parser.append("Hi <"), calls({}, "Hi"));
  EXPECT_EQ(parser.append("b> <tool_call>"), calls({}, " <b>"));
  EXPECT_EQ(parser.append("{\"name\": \"f\""), calls({}));
  EXPECT_EQ(parser.append("}"), calls({{"", "f", "{}"}}));
  EXPECT_EQ(parser.append("</tool_call>"), calls({}));
  EXPECT_EQ(parser.finish(), calls({}));
}

TEST(Reply, ArgumentsMayBeAStringOfJson) {
  EXPECT_EQ(calls_of_json(R"({"name": "f", "arguments": "{\"a\": 1}"})"),
            (std::vector<ToolCall>{{"", "f", "{\"a\": 1}"}}));
  EXPECT_EQ(calls_of_json(R"({"id": "1", "function": {"name": "f", "arguments": {"n": 12345678901234567890.0}}})"),
            (std::vector<ToolCall>{{"1", "f", "{\"n\": 12345678901234567890.0}"}}));
  EXPECT_EQ(calls_of_json(R"({"name": "f", "arguments": "a"})"), std::nullopt);
}

TEST(Reply, ValuesWithoutTypesGetThoseOfTheSchema) {
  const Json tools = reply_tools();
  const auto value = [&](const char* argument, const char* text) {
    return argument_value(text, argument_schema(tools, "weather", argument));
  };
  EXPECT_EQ(value("city", "12"), "\"12\"");
  EXPECT_EQ(value("unit", "C"), "\"C\"");
  EXPECT_EQ(value("days", "12"), "12");
  EXPECT_EQ(value("days", "many"), "\"many\"");
  EXPECT_EQ(value("code", "null"), "null");
  EXPECT_EQ(value("code", "12"), "\"12\"");
  EXPECT_EQ(value("any", "[1, {\"a\": 2.0}]"), "[1, {\"a\": 2.0}]");
  EXPECT_EQ(value("any", "True"), "true");
  EXPECT_EQ(value("unknown", "\"a\""), R"("\"a\"")");
}

// Each of these would take minutes if a byte were looked at again and again, or end the stack.
TEST(Reply, HostileOnesTakeLinearTimeAndNoStack) {
  constexpr size_t kBytes = 600'000;
  const auto repeated = [](std::string_view text) {
    std::string all;
    while (all.size() < kBytes) all += text;
    return all;
  };
  for (const ReplyCase& one : reply_cases()) {
    const ReplyFormat format = reply_format_with_tools(one.chat_template);
    const std::string open = format.opens.empty() ? "<" : std::string(format.opens.front());
    for (const std::string& text : {repeated(open), repeated(open + "{"), open + repeated("["),
                                    open + repeated("{\"a\":"), repeated(" \n"), open + "{\"a\": \"" + repeated("x"),
                                    open + repeated("<function=f><parameter=a>"), open + repeated("<arg_key>")}) {
      ReplyParser parser(format);
      ReplyParts parts;
      for (size_t at = 0; at < text.size(); at += 5) parts += parser.append(std::string_view(text).substr(at, 5));
      parts += parser.finish();
      EXPECT_EQ(parts, calls({}, text));
    }
  }
}

TEST(Reply, AnyBytesKeepEveryByteThatIsNoCall) {
  std::mt19937 random(11);
  const std::vector<std::string> words = {
      "<tool_call>", "</tool_call>", "{\"name\":\"f\"}", "{", "}", "x", "\xFF", "<", "é"};
  const ReplyFormat format = reply_format("<tool_call>");
  for (int n = 0; n < 2000; ++n) {
    std::string text;
    for (size_t i = random() % 12; i > 0; --i) text += words[random() % words.size()];
    const ReplyParts parts = reply_parts(format, text);
    // Each call is its JSON between an open mark and, perhaps, one that closes; nothing else may be missing.
    const size_t least = parts.calls.size() * 23, most = parts.calls.size() * (23 + 12);
    const size_t gone = text.size() - parts.content.size();
    EXPECT_GE(gone, least) << text;
    if (text.find("<tool_call><tool_call>") == std::string::npos &&
        text.find("</tool_call></tool_call>") == std::string::npos) {
      EXPECT_LE(gone, most) << text;
    }
  }
}

}  // namespace
}  // namespace tritium
