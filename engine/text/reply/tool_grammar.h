// What holds a model to calls that parse: a grammar, and what wakes it in a text that is free until then.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "text/reply/reply_format.h"

namespace tritium {

struct ToolGrammar {
  std::string gbnf;  // "": the format's calls are no JSON between marks, or there are no tools
  std::vector<std::string> triggers;
};

// Of format.tools. `is_control`: whether the vocabulary has that mark as a control token. The grammar begins behind
// such a one, for a grammar writes none; else with the trigger.
ToolGrammar tool_grammar(const ReplyFormat& format, const std::function<bool(std::string_view)>& is_control);

}  // namespace tritium
