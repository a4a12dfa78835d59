// What an assistant calls, out of the ways in which templates write it. Each way: the calls, or nothing where the text
// is none that is valid. Arguments stay as they are written where that is JSON, so that no number changes.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "text/reply/reply_format.h"

namespace tritium {

struct ToolCall {
  std::string id;  // "": the format has none
  std::string name;
  std::string arguments;  // a JSON object
  bool operator==(const ToolCall&) const = default;
};
// Below what parse_json() reads, with what is put around arguments.
inline constexpr JsonLimits kArgumentLimits{.depth = 100};
using ToolCalls = std::optional<std::vector<ToolCall>>;

// {"name": …, "arguments" or "parameters": {…}, "id": …}, also within {"function": …}, or an array of them. Arguments
// may be a string that holds JSON; without any they are {}, unless they are `wanted`.
ToolCalls calls_of_json(std::string_view text, bool arguments_wanted = false);
// What is before the arguments (NAME[CALL_ID]ID[ARGS], TYPE<｜tool▁sep｜>NAME and a fence), and these.
ToolCalls call_of_named_json(std::string_view header, std::string_view arguments);
ToolCalls calls_of_python(std::string_view text);
ToolCalls calls_of_function_tags(std::string_view text, const Json& tools);
ToolCalls call_of_argument_tags(std::string_view text, const Json& tools);

// The calls as ChatMessage::tool_calls has them; "" where there are none.
std::string tool_calls_json(const std::vector<ToolCall>& calls);

// A value that stands in a text without its type: a string where the tool's schema says so, else JSON where it is that,
// also with Python's True, False and None, else a string.
std::string argument_value(std::string_view text, const Json* schema);
// The schema of a tool's argument; nullptr: not said.
const Json* argument_schema(const Json& tools, std::string_view tool, std::string_view argument);

// Of letters, digits, _ - . : and /, as tools are named.
bool is_tool_name(std::string_view text);
std::string_view without_blanks(std::string_view text);

}  // namespace tritium
