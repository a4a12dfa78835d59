// How a chat template writes what an assistant thinks and what it calls, known by the marks in the template's text.
#pragma once

#include <string_view>
#include <vector>

#include "base/json.h"

namespace tritium {

// What stands between the marks of a call.
enum class CallBody {
  none,           // the template knows no calls
  json,           // {"name": …, "arguments": {…}}, or an array of them
  named_json,     // the same, or a name and then {…}: NAME[ARGS]{…}, TYPE<｜tool▁sep｜>NAME```json{…}```
  python,         // [name(key=value, …), …]
  function_tags,  // <function=NAME><parameter=KEY>VALUE</parameter>…</function>
  argument_tags,  // NAME<arg_key>KEY</arg_key><arg_value>VALUE</arg_value>…
};

struct ReplyFormat {
  std::string_view family = "generic";
  std::string_view reasoning_open;  // "": the template knows no reasoning
  std::string_view reasoning_close;
  bool begins_in_reasoning = false;  // the prompt ended with reasoning_open
  bool answer_tags = false;          // what is said stands in <answer>…</answer>

  CallBody body = CallBody::none;
  std::vector<std::string_view> opens;   // before a call; several may stand behind one another
  std::vector<std::string_view> closes;  // behind it, where the model writes them; perhaps several
  bool bare = false;                     // a reply that begins with {"name": one of the tools is a call without marks
  std::string_view arguments_key = "arguments";
  bool json_between_marks = false;  // all of a call, its name too
  bool list = false;                // one array of all calls
  std::string_view close;           // the last of closes that the template writes; "": none

  Json tools;  // what may be called (an array), or null: types of values that are written without them
};

// Without marks that are known: no reasoning, no calls, all is content.
ReplyFormat reply_format(std::string_view chat_template);

// Whether the format gives that text a meaning: what must not be lost where a vocabulary has it as a control token.
bool is_reply_mark(const ReplyFormat& format, std::string_view text);

// The prompt ends within a thought that the template opened.
bool ends_in_reasoning(const ReplyFormat& format, std::string_view prompt);

// Of tools {"type": "function", "function": {…}} or {…}: the one of that name; nullptr: there is none.
const Json* tool_named(const Json& tools, std::string_view name);
const Json* function_of(const Json& tool);  // with "name" and "parameters"; nullptr: it has no name

}  // namespace tritium
