// Any bytes as a reply: of the format that the first byte chooses, whole and cut.
#include "text/reply/reply_parser.h"

#include <array>

#include "tests/fuzz/input.h"

namespace tritium::fuzz {
namespace {

// Marks by which each format is known.
constexpr std::array<const char*, 9> kTemplates = {
    "</think><tool_call>",           "<function=<parameter=", "<arg_key><tool_call>",
    "{\"name\": \"parameters\": ",   "[TOOL_CALLS][/THINK]",  "<|tool_call_start|>",
    "</think><｜tool▁call▁begin｜>", "<|tool_call|>",         "<tool_calls></think><answer>"};

}  // namespace

void try_input(std::string_view bytes) {
  Choices choices(bytes);
  ReplyFormat format = reply_format(kTemplates[choices.take<uint8_t>() % kTemplates.size()]);
  format.begins_in_reasoning = choices.flag() && !format.reasoning_open.empty();
  format.tools = *parse_json(R"([{"name": "f", "parameters": {"properties": {"a": {"type": "string"}}}}])");
  const std::string_view text = choices.rest();
  const ReplyParts whole = reply_parts(format, text);
  ReplyParser parser(format);
  ReplyParts pieces;
  for (size_t at = 0; at < text.size();) {
    const std::string_view piece = text.substr(at, 1 + static_cast<uint8_t>(text[at]) % 9);
    pieces += parser.append(piece);
    at += piece.size();
  }
  pieces += parser.finish();
  require(pieces == whole, "a reply means the same wherever it is cut");
  require(whole.content.size() + whole.reasoning.size() <= text.size() + whole.calls.size(), "no text is made up");
  const std::string json = tool_calls_json(whole.calls);
  require(json.empty() || parse_json(json).ok(), "calls are JSON");
}

}  // namespace tritium::fuzz
