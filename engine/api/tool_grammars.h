// Grammars of tools, kept: a conversation asks for the same one each turn, and twenty tools take milliseconds.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "text/reply/tool_grammar.h"

namespace tritium {

class ToolGrammars {
 public:
  // As tool_grammar(), by the format of that template, of one vocabulary. Any number of threads.
  ToolGrammar of(std::string_view chat_template, const ReplyFormat& format,
                 const std::function<bool(std::string_view)>& is_control);

 private:
  // What it is told by, all of it: a checksum would take one tool's schema for another's some day.
  struct Kept {
    std::string chat_template, tools;
    ToolGrammar grammar;
    size_t bytes() const;
  };

  std::mutex mutex_;
  std::vector<Kept> kept_;  // the last one that was asked for comes first
};

}  // namespace tritium
