// What a model may write that is held to calls of its tools.
#include "text/reply/tool_grammar.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/text/reply_cases.h"
#include "text/grammar/gbnf_writer.h"
#include "text/grammar/grammar.h"
#include "text/grammar/schema.h"

namespace tritium {
namespace {

ToolGrammar grammar_of(const std::string& chat_template, const std::vector<std::string>& control = {}) {
  return tool_grammar(reply_format_with_tools(chat_template),
                      [&](std::string_view mark) { return std::ranges::find(control, mark) != control.end(); });
}

void expect_fits(const ToolGrammar& made, const std::vector<std::string>& right,
                 const std::vector<std::string>& wrong) {
  const Result<grammar::Grammar> parsed = grammar::parse_gbnf(made.gbnf);
  ASSERT_TRUE(parsed.ok()) << parsed.message() << "\n" << made.gbnf;
  for (const std::string& text : right) EXPECT_TRUE(*grammar::fits(*parsed, text)) << text;
  for (const std::string& text : wrong) EXPECT_FALSE(*grammar::fits(*parsed, text)) << text;
}

TEST(ToolGrammar, HoldsToNamesAndArguments) {
  const ToolGrammar made = grammar_of("<tool_call></tool_call>");
  EXPECT_EQ(made.triggers, std::vector<std::string>{"<tool_call>"});
  expect_fits(
      made,
      {"<tool_call>\n{\"name\": \"weather\", \"arguments\": {\"city\": \"Bern\", \"days\": 2}}\n</tool_call>",
       "<tool_call>{\"name\":\"now\",\"arguments\":{\"anything\":[]}}</tool_call>",
       "<tool_call>{\"name\":\"now\",\"arguments\":{}}</tool_call>\n<tool_call>{\"name\":\"weather\",\"arguments\":{}}"
       "</tool_call>"},
      {"", "<tool_call>", "<tool_call>{\"name\":\"other\",\"arguments\":{}}</tool_call>",
       "<tool_call>{\"name\":\"weather\",\"arguments\":{\"days\":\"2\"}}</tool_call>",
       "<tool_call>{\"name\":\"weather\",\"arguments\":{\"town\":1}}</tool_call>",
       "<tool_call>{\"name\":\"now\",\"arguments\":[]}</tool_call>", "<tool_call>{\"name\":\"now\",\"arguments\":{}}"});
}

TEST(ToolGrammar, BeginsBehindMarksThatAreControlTokens) {
  const ToolGrammar mistral = grammar_of("[TOOL_CALLS]", {"[TOOL_CALLS]"});
  EXPECT_EQ(mistral.triggers, std::vector<std::string>{"[TOOL_CALLS]"});
  expect_fits(mistral,
              {R"([{"name": "now", "arguments": {}}])",
               R"( [{"name": "now", "arguments": {}}, {"name": "weather", "arguments": {"unit": "C"}}])"},
              {R"([TOOL_CALLS][{"name": "now", "arguments": {}}])", "[]", R"({"name": "now", "arguments": {}})"});
  const ToolGrammar hermes = grammar_of("<tool_call></tool_call>", {"<tool_call>", "</tool_call>"});
  expect_fits(hermes, {R"({"name": "now", "arguments": {}})"}, {R"(<tool_call>{"name": "now", "arguments": {}})"});
}

TEST(ToolGrammar, WithoutMarksANameWakesIt) {
  const ToolGrammar made = grammar_of(kLlama);
  EXPECT_EQ(made.triggers[1], R"({"name":"weather")");
  EXPECT_EQ(made.triggers.size(), 4U);
  expect_fits(made, {R"({"name": "weather", "parameters": {"days": 1}})", R"({"name":"now","parameters":{}})"},
              {R"({"name": "weather", "arguments": {}})"});
}

TEST(ToolGrammar, ThereIsNoneWhereCallsAreNoJsonBetweenMarks) {
  for (const char* format : {"", "<arg_key><tool_call>", "<function=<parameter=", "<|tool_call_start|>",
                             "[TOOL_CALLS][ARGS]", "<｜tool▁call▁begin｜>"})
    EXPECT_EQ(grammar_of(format).gbnf, "") << format;
  EXPECT_EQ(tool_grammar(reply_format("<tool_call>"), [](std::string_view) { return false; }).gbnf, "");
}

TEST(ToolGrammar, ASchemaThatIsNotKnownIsAnyObject) {
  ReplyFormat format = reply_format("<|tool_call|>");
  format.tools =
      *parse_json(R"([{"name": "f", "parameters": {"type": "object", "properties": {"a": {"nullable": true}}}},
                                 {"name": "g", "parameters": {"$defs": {"n": {"type": "integer"}},
                                  "properties": {"n": {"$ref": "#/$defs/n"}}}}])");
  expect_fits(
      tool_grammar(format, [](std::string_view) { return false; }),
      {R"(<|tool_call|>[{"name": "f", "arguments": {"b": [1]}}])",
       R"(<|tool_call|>[{"name": "g", "arguments": {"n": 1}}])"},
      {R"(<|tool_call|>[{"name": "f", "arguments": 1}])", R"(<|tool_call|>[{"name": "g", "arguments": {"n": "1"}}])"});
}

TEST(ToolGrammar, AToolThatListsNoArgumentsHasNone) {
  ReplyFormat format = reply_format("<|tool_call|>");
  format.tools = *parse_json(R"([{"name": "f", "parameters": {"type": "object", "properties": {}}}])");
  expect_fits(tool_grammar(format, [](std::string_view) { return false; }),
              {R"(<|tool_call|>[{"name": "f", "arguments": {}}])"},
              {R"(<|tool_call|>[{"name": "f", "arguments": {"a": 1}}])"});
}

TEST(ToolGrammar, WhatItAllowsIsParsed) {
  for (const char* chat_template : {"<tool_call></tool_call>", "<|tool_call|>", "<tool_calls></tool_calls>"}) {
    const ReplyFormat format = reply_format_with_tools(chat_template);
    std::string text(format.opens.front());
    text += format.list ? "[" : "\n";
    text += R"({"name": "weather", "arguments": {"city": "a\"}"}})";
    text += format.list ? "]" : "\n";
    text += format.close;
    expect_fits(grammar_of(chat_template), {text}, {});
    EXPECT_EQ(reply_parts(format, text), calls({{"", "weather", R"({"city": "a\"}"})"}}));
  }
}

// As a schema, and as the GBNF that its rules are written as.
TEST(GbnfWriter, WritesWhatIsReadAsTheSame) {
  const std::vector<std::string> schemas = {
      R"({"type": "string", "pattern": "^[^a-c\\]\\-é\\u0001]{2,3}\\\\?$"})",
      R"({"type": "array", "items": {"type": "integer", "minimum": -5, "maximum": 17}, "maxItems": 2})",
      R"({"$defs": {"t": {"type": "object", "properties": {"\"q\\": {"$ref": "#/$defs/t"}}}}, "$ref": "#/$defs/t"})",
      R"({"enum": ["\n", "\"", "\\", "é🙂", 1.5, null, {"a": []}]})", "{}"};
  const std::vector<std::string> texts = {
      R"("dé")", R"("\\\\")",   R"("]-x")", R"("xy\\")",   "[]",
      "[-5,17]", "[18]",        "[1,2,3]",  "{}",          R"({"\"q\\":{"\"q\\":{}}})",
      R"("\n")", R"("\"")",     R"("\\")",  R"("é🙂")", "1.5",
      "null",    R"({"a":[]})", R"("é")"};
  for (const std::string& schema : schemas) {
    grammar::Rules rules;
    const Json document = *parse_json(schema);
    const uint32_t root = grammar::SchemaReader(document, {}, rules).run();
    const auto direct = grammar::grammar_of_json_schema(schema);
    const auto written = grammar::parse_gbnf(grammar::write_gbnf(rules, root));
    ASSERT_TRUE(written.ok()) << schema << "\n" << written.message();
    for (const std::string& text : texts)
      EXPECT_EQ(*grammar::fits(*written, text), *grammar::fits(*direct, text)) << schema << " on " << text;
  }
}

}  // namespace
}  // namespace tritium
