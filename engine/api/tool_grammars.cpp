#include "api/tool_grammars.h"

#include <algorithm>

#include "text/grammar/json_parts.h"

namespace tritium {
namespace {

constexpr size_t kMostKept = 8;
constexpr size_t kMostBytes = size_t{1} << 20;  // of one

}  // namespace

size_t ToolGrammars::Kept::bytes() const { return chat_template.size() + tools.size() + grammar.gbnf.size(); }

ToolGrammar ToolGrammars::of(std::string_view chat_template, const ReplyFormat& format,
                             const std::function<bool(std::string_view)>& is_control) {
  if (!format.tools.array() || format.tools.array()->empty()) return {};
  Kept asked = {.chat_template = std::string(chat_template), .tools = grammar::json_text(format.tools), .grammar = {}};
  {
    const std::lock_guard lock(mutex_);
    const auto found = std::ranges::find_if(
        kept_, [&](const Kept& k) { return k.tools == asked.tools && k.chat_template == asked.chat_template; });
    if (found != kept_.end()) {
      std::rotate(kept_.begin(), found, found + 1);
      return kept_.front().grammar;
    }
  }
  asked.grammar = tool_grammar(format, is_control);
  ToolGrammar grammar = asked.grammar;
  if (asked.bytes() > kMostBytes) return grammar;
  const std::lock_guard lock(mutex_);
  kept_.insert(kept_.begin(), std::move(asked));
  if (kept_.size() > kMostKept) kept_.pop_back();
  return grammar;
}

}  // namespace tritium
