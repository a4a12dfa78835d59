#include "text/reply/tool_grammar.h"

#include "text/grammar/call_grammar.h"

namespace tritium {

ToolGrammar tool_grammar(const ReplyFormat& format, const std::function<bool(std::string_view)>& is_control) {
  if (!format.json_between_marks || !format.tools.array()) return {};
  std::vector<grammar::CallTool> tools;
  for (const Json& tool : *format.tools.array()) {
    const Json* function = function_of(tool);
    if (!function) continue;
    const Json* parameters = function->find("parameters");
    tools.push_back({.name = *function->find("name")->text(), .parameters = parameters ? *parameters : Json()});
  }
  if (tools.empty()) return {};
  grammar::CallNotation notation{.open = {},
                                 .close = {},
                                 .list = format.list,
                                 .once = format.bare,
                                 .arguments_key = std::string(format.arguments_key)};
  ToolGrammar result;
  const std::string_view open = format.opens.front();
  if (format.bare) {
    // The mark, where the model writes one, is a token before what the grammar is about; a name is what tells a call.
    for (const grammar::CallTool& tool : tools)
      for (const char* begin : {"{\"name\": ", "{\"name\":"}) result.triggers.push_back(begin + json_quoted(tool.name));
  } else {
    result.triggers.emplace_back(open);
    if (!is_control(open)) notation.open = open;
    if (!is_control(format.close)) notation.close = format.close;
    // Where marks cannot be written there is no other call.
    notation.once = notation.close.empty() || notation.open.empty();
  }
  Result<std::string> gbnf = grammar::gbnf_of_calls(notation, tools);
  if (!gbnf.ok()) return {};
  result.gbnf = *std::move(gbnf);
  return result;
}

}  // namespace tritium
