// Replies as models of each family write them, and what they mean.
#pragma once

#include <string>
#include <vector>

#include "text/reply/reply_parser.h"

namespace tritium {

struct ReplyCase {
  std::string chat_template;  // the marks by which the format is known
  std::string text;
  ReplyParts meaning;
};

inline Json reply_tools() {
  return *parse_json(R"([
    {"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {
      "city": {"type": "string"}, "days": {"type": "integer"}, "code": {"type": ["string", "null"]},
      "unit": {"enum": ["C", "F"]}, "any": {}}}}},
    {"name": "now"}])");
}

inline ReplyFormat reply_format_with_tools(const std::string& chat_template) {
  ReplyFormat format = reply_format(chat_template);
  format.tools = reply_tools();
  return format;
}

inline ReplyParts calls(std::vector<ToolCall> calls, std::string content = "", std::string reasoning = "") {
  return {.content = std::move(content), .reasoning = std::move(reasoning), .calls = std::move(calls)};
}

inline const std::string kHermes = "<think></think><tool_call>";
inline const std::string kLlama = R"({"name": … "parameters": )";
inline const std::string kDeepseek = "</think><｜tool▁call▁begin｜>";

inline std::vector<ReplyCase> reply_cases() {
  return {
      {kHermes, "<tool_call>\n{\"name\": \"now\", \"arguments\": {}}\n</tool_call>", calls({{"", "now", "{}"}})},
      {kHermes,
       "<think>\nWhere?\nZürich.\n</think>\n\nI look.\n<tool_call>\n{\"name\": \"weather\", \"arguments\": {\"city\": "
       "\"Zürich\", \"days\": 2.0}}\n</tool_call>\n<tool_call>\n{\"name\": \"now\"}\n</tool_call>\n",
       calls({{"", "weather", "{\"city\": \"Zürich\", \"days\": 2.0}"}, {"", "now", "{}"}}, "I look.",
             "Where?\nZürich.")},
      {kHermes, R"(<tool_call>{"name": "f", "arguments": {"a": "</tool_call> \" }"}}</tool_call>)",
       calls({{"", "f", R"({"a": "</tool_call> \" }"})"}})},
      {"<function=<parameter=",
       "<tool_call>\n<function=weather>\n<parameter=city>\n7\n</parameter>\n<parameter=days>\n2\n</parameter>\n"
       "<parameter=any>\n{\"b\": [True]}\n</parameter>\n</function>\n</tool_call>",
       calls({{"", "weather", R"({"city": "7", "days": 2, "any": "{\"b\": [True]}"})"}})},
      {"<arg_key><tool_call>",
       "Let me "
       "see.\n<tool_call>weather\n<arg_key>city</arg_key>\n<arg_value>Zürich</arg_value>\n<arg_key>days</arg_key>\n"
       "<arg_value>2</arg_value>\n</tool_call><tool_call>now</tool_call>",
       calls({{"", "weather", R"({"city": "Zürich", "days": 2})"}, {"", "now", "{}"}}, "Let me see.")},
      {kLlama, R"({"name": "weather", "parameters": {"city": "Bern"}}; {"name": "now", "parameters": {}})",
       calls({{"", "weather", R"({"city": "Bern"})"}, {"", "now", "{}"}})},
      {kLlama, R"(<|python_tag|>{"name": "f", "parameters": {"a": 1}})", calls({{"", "f", R"({"a": 1})"}})},
      {"[TOOL_CALLS]", R"([TOOL_CALLS] [{"name": "now", "arguments": {}, "id": "abcdefgh1"}])",
       calls({{"abcdefgh1", "now", "{}"}})},
      {"[TOOL_CALLS][THINK][/THINK]",
       R"([THINK]Hm.[/THINK]So:[TOOL_CALLS]now[ARGS]{}[TOOL_CALLS]weather[CALL_ID]abcdefgh1[ARGS]{"city": "Bern"})",
       calls({{"", "now", "{}"}, {"abcdefgh1", "weather", R"({"city": "Bern"})"}}, "So:", "Hm.")},
      {"<|tool_call_start|>",
       R"(<|tool_call_start|>[weather(city="O'Hare", days=-2), f(a=[True, None, ('x',)], b={'k': 1.5}), now()]<|tool_call_end|>Wait.)",
       calls({{"", "weather", R"({"city": "O'Hare", "days": -2})"},
              {"", "f", R"({"a": [true, null, ["x"]], "b": {"k": 1.5}})"},
              {"", "now", "{}"}},
             "Wait.")},
      {kDeepseek,
       "Hm.<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>now\n```json\n{}\n```<｜tool▁call▁end｜>\n"
       "<｜tool▁call▁begin｜>function<｜tool▁sep｜>f\n```json\n{\"a\": "
       "1}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
       calls({{"", "now", "{}"}, {"", "f", "{\"a\": 1}"}}, "Hm.")},
      {kDeepseek,
       "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>now<｜tool▁sep｜>{}<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
       calls({{"", "now", "{}"}})},
      {"<|tool_call|>", R"(<|tool_call|>[{"name": "now", "arguments": {}}, {"name": "f", "arguments": {"a": 1}}])",
       calls({{"", "now", "{}"}, {"", "f", R"({"a": 1})"}})},
      {"<tool_calls></think><answer>",
       "<think>\nt\n</think>\n<answer>\nText.\n</answer>\n<tool_calls>[{\"name\": \"now\", \"arguments\": {}}]"
       "</tool_calls>",
       calls({{"", "now", "{}"}}, "Text.", "t")},
      {"<tool_calls>",
       "<tool_calls>\n<tool_call>f\n```json\n{\"a\": 1}\n```\n</tool_call>\n<tool_call>now\n```json\n{}\n```\n"
       "</tool_call>\n</tool_calls>",
       calls({{"", "f", "{\"a\": 1}"}, {"", "now", "{}"}})},
      {"", "<think>a</think> <tool_call>{\"name\": \"f\"}</tool_call>\n",
       calls({}, "<think>a</think> <tool_call>{\"name\": \"f\"}</tool_call>\n")},
  };
}

// What looks like a call and is none stays as it is written.
inline std::vector<ReplyCase> replies_without_calls() {
  std::vector<ReplyCase> cases;
  const auto add = [&](const std::string& chat_template, const std::string& text) {
    cases.push_back({chat_template, text, calls({}, text)});
  };
  add(kHermes, "Write <tool_call> before it, and </tool_call> behind. <think>?</think>\n");
  add(kHermes, "<tool_call>{\"name\": \"f\", \"arguments\": {}");
  add(kHermes, "<tool_call>{\"name\": \"f\", oops}</tool_call>");
  add(kHermes, "<tool_call>{\"name\": \"f\", \"arguments\": [1]}</tool_call>");
  add(kHermes, "<tool_call>{\"name\": \"f\", \"arguments\": {\"a\": 1, \"a\": 2}}</tool_call>");
  add(kHermes, "<tool_call>{\"arguments\": {}}</tool_call> and <tool_ca");
  add(kHermes, " \n<tool_call>\n[]</tool_call>");
  add("<function=<parameter=", "<tool_call>\n<function=f>\n<parameter=a>\n1\n</function>\n</tool_call>");
  add("<arg_key><tool_call>", "<tool_call>f g\n<arg_key>a</arg_key>\n</tool_call>");
  add(kLlama, R"({"name": "Ada", "parameters": {}})");
  add(kLlama, R"({"name": "weather", "age": 36})");
  add(kLlama, R"(As JSON: {"name": "weather", "parameters": {}})");
  add(kLlama, "<|python_tag|>print(1)");
  add("[TOOL_CALLS]", "[TOOL_CALLS] a b[ARGS]{}");
  add("[TOOL_CALLS]", "[TOOL_CALLS]a[CALL_ID]\xFF[ARGS]{}");
  const std::string deep = std::string(100, '[') + std::string(100, ']');
  add("<function=<parameter=", "<tool_call><function=f><parameter=a>" + deep + "</parameter></function></tool_call>");
  add(kHermes, R"(<tool_call>{"name": "f", "arguments": "{\"a\": )" + deep + R"(}"}</tool_call>)");
  add("[TOOL_CALLS]", "[TOOL_CALLS]" + std::string(600, 'a') + "{}");
  add("<|tool_call_start|>", "<|tool_call_start|>[f(1)]<|tool_call_end|>");
  add("<|tool_call_start|>", "<|tool_call_start|>[f(a=\"x)]");
  add("<|tool_call_start|>", "<|tool_call_start|>[f(a=g)]");
  add(kDeepseek, "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>other<｜tool▁sep｜>f{}<｜tool▁calls▁end｜>");
  return cases;
}

}  // namespace tritium
