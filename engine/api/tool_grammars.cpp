#include "api/tool_grammars.h"

#include "text/grammar/json_parts.h"

namespace tritium {

ToolGrammar ToolGrammars::of(std::string_view chat_template, const ReplyFormat& format,
                             const std::function<bool(std::string_view)>& is_control) {
  if (!format.tools.array() || format.tools.array()->empty()) return {};
  std::pair key(std::string(chat_template), grammar::json_text(format.tools));
  if (std::optional<ToolGrammar> kept = kept_.find(key)) return *std::move(kept);
  ToolGrammar grammar = tool_grammar(format, is_control);
  const size_t bytes = key.first.size() + key.second.size() + grammar.gbnf.size();
  kept_.add(std::move(key), grammar, bytes);
  return grammar;
}

}  // namespace tritium
