#include "text/reply/reply_format.h"

#include <algorithm>
#include <array>

namespace tritium {
namespace {

struct Family {
  std::string_view name;
  std::array<std::string_view, 2> needs;  // in the template's text
  CallBody body;
  std::array<std::string_view, 2> opens;
  std::array<std::string_view, 3> closes;
};

// The first that fits: marks of one family are parts of another one's.
constexpr std::array kFamilies = std::to_array<Family>({
    {"glm", {"<arg_key>", "<tool_call>"}, CallBody::argument_tags, {"<tool_call>"}, {"</tool_call>"}},
    {"qwen3-coder", {"<function=", "<parameter="}, CallBody::function_tags, {"<tool_call>"}, {"</tool_call>"}},
    {"deepseek",
     {"<｜tool▁call▁begin｜>"},
     CallBody::named_json,
     {"<｜tool▁calls▁begin｜>", "<｜tool▁call▁begin｜>"},
     {"```", "<｜tool▁call▁end｜>", "<｜tool▁calls▁end｜>"}},
    {"lfm2", {"<|tool_call_start|>"}, CallBody::python, {"<|tool_call_start|>"}, {"<|tool_call_end|>"}},
    {"lfm2", {"<|tool_list_start|>"}, CallBody::python, {"<|tool_call_start|>"}, {"<|tool_call_end|>"}},
    {"hunyuan",
     {"<tool_calls>"},
     CallBody::named_json,
     {"<tool_calls>", "<tool_call>"},
     {"```", "</tool_call>", "</tool_calls>"}},
    {"hermes", {"<tool_call>"}, CallBody::json, {"<tool_call>"}, {"</tool_call>"}},
    {"granite", {"<|tool_call|>"}, CallBody::json, {"<|tool_call|>"}, {"<|/tool_call|>"}},
    {"mistral", {"[TOOL_CALLS]"}, CallBody::named_json, {"[TOOL_CALLS]"}, {}},
    {"llama", {"<|python_tag|>"}, CallBody::json, {"<|python_tag|>"}, {";"}},
    {"llama", {"{\"name\": ", "\"parameters\": "}, CallBody::json, {"<|python_tag|>"}, {";"}},
});

struct Reasoning {
  std::string_view open, close;
};
constexpr std::array kReasoning = std::to_array<Reasoning>({
    {"<think>", "</think>"},
    {"[THINK]", "[/THINK]"},
    {"<seed:think>", "</seed:think>"},
});

bool has(std::string_view text, std::string_view mark) { return text.find(mark) != std::string_view::npos; }

}  // namespace

ReplyFormat reply_format(std::string_view chat_template) {
  ReplyFormat format;
  const auto thinks = std::ranges::find_if(kReasoning, [&](const Reasoning& r) { return has(chat_template, r.close); });
  if (thinks != kReasoning.end()) {
    format.reasoning_open = thinks->open;
    format.reasoning_close = thinks->close;
  }
  format.answer_tags = has(chat_template, "<answer>");
  const auto family = std::ranges::find_if(kFamilies, [&](const Family& f) {
    return std::ranges::all_of(f.needs, [&](std::string_view mark) { return has(chat_template, mark); });
  });
  if (family == kFamilies.end()) return format;
  format.family = family->name;
  format.body = family->body;
  const auto written = [](std::string_view mark) { return !mark.empty(); };
  std::ranges::copy_if(family->opens, std::back_inserter(format.opens), written);
  std::ranges::copy_if(family->closes, std::back_inserter(format.closes), written);
  format.bare = family->name == "llama";
  if (format.bare) format.arguments_key = "parameters";
  const bool named = has(chat_template, "[ARGS]") || has(chat_template, "```json");
  format.json_between_marks =
      format.body == CallBody::json || (format.body == CallBody::named_json && !named && format.family != "deepseek");
  for (const std::string_view close : format.closes)
    if (has(chat_template, close)) format.close = close;
  format.list = format.json_between_marks && (format.body == CallBody::named_json || format.family == "granite");
  return format;
}

bool is_reply_mark(const ReplyFormat& format, std::string_view text) {
  constexpr std::array<std::string_view, 9> kWithin = {"[ARGS]",       "[CALL_ID]",  "<｜tool▁sep｜>",
                                                       "<arg_key>",    "</arg_key>", "<arg_value>",
                                                       "</arg_value>", "<answer>",   "</answer>"};
  const auto among = [&](const auto& marks) { return std::ranges::find(marks, text) != marks.end(); };
  if (!format.reasoning_open.empty() && (text == format.reasoning_open || text == format.reasoning_close)) return true;
  return among(format.opens) || among(format.closes) || among(kWithin);
}

bool ends_in_reasoning(const ReplyFormat& format, std::string_view prompt) {
  if (format.reasoning_open.empty()) return false;
  const size_t last = prompt.find_last_not_of(" \t\r\n");
  return last != std::string_view::npos && prompt.substr(0, last + 1).ends_with(format.reasoning_open);
}

const Json* function_of(const Json& tool) {
  const Json* inner = tool.find("function");
  const Json& function = inner ? *inner : tool;
  const Json* name = function.find("name");
  return name && name->text() ? &function : nullptr;
}

const Json* tool_named(const Json& tools, std::string_view name) {
  if (!tools.array()) return nullptr;
  for (const Json& tool : *tools.array()) {
    const Json* function = function_of(tool);
    if (function && *function->find("name")->text() == name) return function;
  }
  return nullptr;
}

}  // namespace tritium
