// tritium chat-format: what a chat template makes of a conversation.
#include "cli/chat_options.h"
#include "cli/commands.h"
#include "cli/input_text.h"
#include "cli/terminal.h"

namespace tritium::cli {
namespace {

struct FormatOptions {
  TemplateOptions render;
  std::string model;
  std::string messages;
  std::string tools;
  bool no_generation_prompt = false;
};

int format(const FormatOptions& options) {
  if (options.model.empty() && options.render.file.empty())
    return report(Status(StatusCode::invalid_argument, "give a MODEL, or a template by --template FILE"));
  Result<ChatOptions> chat = chat_options(options.render);
  if (!chat.ok()) return report(chat.status());
  chat->add_generation_prompt = !options.no_generation_prompt;
  const Result<std::string> messages = read_text(options.messages, say_waiting(options.messages));
  if (!messages.ok()) return report(messages.status());
  if (!options.tools.empty()) {
    Result<std::string> tools = read_text(options.tools, say_waiting(options.tools));
    if (!tools.ok()) return report(tools.status());
    chat->tools = *std::move(tools);
  }
  const Result<std::string> text = options.model.empty() ? render_chat(chat->chat_template, *messages, *chat)
                                                         : render_chat_of(options.model, *messages, *chat);
  if (!text.ok()) {
    // What a template says about messages is no misuse of the program.
    const int code = report(text.status());
    return code == kUsage && text.message().starts_with("template: ") ? kFailed : code;
  }
  print(*text);
  return kOk;
}

}  // namespace

void add_chat_format(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("chat-format", "show what a chat template makes of messages");
  auto options = std::make_shared<FormatOptions>();
  command->add_option("MODEL", options->model, "model whose template is used; none is needed with --template");
  command
      ->add_option("--messages", options->messages,
                   "JSON file: a list of messages, or an object with \"messages\" and perhaps \"tools\"; -: stdin")
      ->required();
  command->add_option("--tools", options->tools, "JSON file: a list of what may be called");
  add_template_options(*command, options->render);
  command->add_flag("--no-generation-prompt", options->no_generation_prompt,
                    "end after the last message, not where the assistant begins");
  command->footer(
      "Without a MODEL bos_token and eos_token are what --var says.\n"
      "Examples:\n"
      "  tritium chat-format model.gguf --messages chat.json\n"
      "  tritium chat-format --template t.jinja --messages chat.json --var bos_token='\"<s>\"' --now 2026-11-26");
  command->callback([=, &action] { action = [options] { return format(*options); }; });
}

}  // namespace tritium::cli
