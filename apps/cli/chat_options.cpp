#include "cli/chat_options.h"

#include <nlohmann/json.hpp>

#include "cli/input_text.h"

namespace tritium::cli {

void add_template_options(CLI::App& command, TemplateOptions& options) {
  command.add_option("--template", options.file, "file of a Jinja chat template, instead of the model's");
  command.add_option("--template-name", options.name, "of several templates of the model, such as tool_use");
  command
      .add_option("--var", options.variables, "NAME=JSON: what the template shall know, such as enable_thinking=false")
      ->allow_extra_args(false);
  command.add_option("--now", options.now,
                     "the time that the template sees: 2026-11-26T09:05:07 (default: the clock's)");
}

Result<ChatOptions> chat_options(const TemplateOptions& options) {
  ChatOptions result{.now = options.now, .template_name = options.name};
  nlohmann::ordered_json variables = nlohmann::ordered_json::object();
  for (const std::string& text : options.variables) {
    const size_t equals = text.find('=');
    const auto value = equals == std::string::npos || equals == 0
                           ? nlohmann::ordered_json(nlohmann::ordered_json::value_t::discarded)
                           : nlohmann::ordered_json::parse(text.substr(equals + 1), nullptr, false);
    if (value.is_discarded())
      return Status(
          StatusCode::invalid_argument,
          "--var: \"" + text + "\" is not NAME=JSON; write enable_thinking=false, or date='\"May 1\"' for a text");
    variables[text.substr(0, equals)] = value;
  }
  if (!variables.empty()) result.variables = variables.dump();
  if (!options.file.empty()) {
    Result<std::string> text = read_text(options.file, say_waiting(options.file));
    if (!text.ok()) return text.status();
    // An empty template is one; an empty option is none.
    result.chat_template = text->empty() ? "{# #}" : *std::move(text);
  }
  return result;
}

}  // namespace tritium::cli
