// Any bytes as a chat template, rendered with a conversation that names the methods of all values.
#include "text/jinja/template.h"
#include "base/json.h"
#include "tests/fuzz/input.h"

namespace tritium::fuzz {
namespace {

const Json& messages() {
  static const Json made = *parse_json(
      R"([{"role": "system", "content": "s"}, {"role": "user", "content": " é<s> "}, {"role": "assistant", "content": null,)"
      R"( "tool_calls": [{"function": {"name": "f", "arguments": {"a": [1, 2.5, true]}}}]}])");
  return made;
}

}  // namespace

void try_input(std::string_view bytes) {
  const jinja::Limits limits{.work = 1 << 22, .memory = 1 << 24, .output = 1 << 20};
  const auto made = jinja::Template::parse(bytes, limits);
  if (!made.ok()) return require(made.message().starts_with("template: "), "an error says where it is");
  const std::vector<jinja::Variable> variables = {
      {.name = "messages", .value = messages(), .from_messages = true},
      {.name = "bos_token", .value = Json(std::string("<s>"))},
      {.name = "x", .value = Json(int64_t{3})},
  };
  const auto first = made->render(variables, std::tm{});
  if (!first.ok()) return require(first.message().starts_with("template: line "), "an error says where it is");
  require(first->text.size() <= limits.output, "a text is no longer than what is allowed");
  for (const auto& ranges : {first->from_messages, first->of_assistant}) {
    size_t at = 0;
    for (const auto& range : ranges) {
      require(at <= range.begin && range.begin < range.end && range.end <= first->text.size(), "marks lie in the text");
      at = range.end + 1;
    }
  }
  const auto again = made->render(variables, std::tm{});
  require(again.ok() && again->text == first->text, "a template gives the same text each time");
}

}  // namespace tritium::fuzz
