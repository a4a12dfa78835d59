// Grammars of tools, kept: a conversation asks for the same one each turn, and twenty tools take milliseconds.
#pragma once

#include <string>
#include <utility>

#include "base/recently_used.h"
#include "text/reply/tool_grammar.h"

namespace tritium {

class ToolGrammars {
 public:
  // As tool_grammar(), by the format of that template, of one vocabulary. Any number of threads.
  ToolGrammar of(std::string_view chat_template, const ReplyFormat& format,
                 const std::function<bool(std::string_view)>& is_control);

 private:
  // By the template and the tools, whole: a checksum would take one tool's schema for another's some day.
  RecentlyUsed<std::pair<std::string, std::string>, ToolGrammar> kept_{8, size_t{8} << 20};
};

}  // namespace tritium
