// The program `tritium`: a client of the public API. Text on stdout, everything else on stderr.
#include <iostream>
#include <sstream>

#include "cli/commands.h"
#include "cli/printable.h"
#include "cli/system.h"
#include "cli/terminal.h"
#include "tritium/tritium.hpp"

namespace {

using namespace tritium;
using namespace tritium::cli;

// Says which commands there are when the first word is none of them, or there is none.
Status check_command(CLI::App& app, const std::string& word) {
  std::string names;
  for (const CLI::App* command : app.get_subcommands({})) {
    if (command->get_name() == word) return Status();
    names += (names.empty() ? "" : ", ") + command->get_name();
  }
  return Status(StatusCode::invalid_argument,
                (word.empty() ? "a command is missing" : "unknown command \"" + word + "\"") + "; there are " + names +
                    "; help says more");
}

}  // namespace

int main(int argc, char** argv) {
  begin_process();
  std::vector<std::string> words = command_line(argc, argv);
  if (words.size() > 1 && words[1] == "help") {  // help run: run --help
    words.erase(words.begin() + 1);
    words.insert(words.begin() + (words.size() > 1 ? 2 : 1), "--help");
  }
  std::vector<const char*> line;
  line.reserve(words.size());
  for (const std::string& word : words) line.push_back(word.c_str());

  CLI::App app{"Runs and trains ternary mixture-of-experts language models on the CPU or through Vulkan."};
  app.set_version_flag("--version", "tritium " + version());
  app.require_subcommand(1);
  app.get_formatter()->column_width(34);
  Action action;
  add_run(app, action);
  add_chat(app, action);
  add_chat_format(app, action);
  add_serve(app, action);
  add_train(app, action);
  add_finetune(app, action);
  add_experiment(app, action);
  add_eval(app, action);
  add_logits(app, action);
  add_embed(app, action);
  add_info(app, action);
  add_convert(app, action);
  add_quantize(app, action);
  add_gguf_diff(app, action);
  add_tokenize(app, action);
  add_detokenize(app, action);
  add_tokenizer(app, action);
  add_devices(app, action);
  add_selftest(app, action);
  add_bench(app, action);
  add_gpu_report(app, action);
  app.footer(
      "Examples:\n"
      "  tritium run model.gguf -p \"Once upon a time\" -n 60\n"
      "  tritium devices\n"
      "  tritium COMMAND --help        options and examples of a command\n"
      "Exit codes: 0 done, 1 failed, 2 wrong usage, 128 + n ended by signal n (130: Ctrl-C).");
  app.failure_message([](const CLI::App*, const CLI::Error& problem) {
    return "tritium: error: " + printable(problem.what()) + " (tritium COMMAND --help says more)\n";
  });
  const std::string word = words.size() > 1 ? words[1] : "";
  if (!word.starts_with('-'))
    if (const Status status = check_command(app, word); !status.ok()) return report(status);
  try {
    app.parse(static_cast<int>(line.size()), line.data());
    return finish(action());
  } catch (const CLI::ParseError& problem) {
    std::ostringstream out;
    if (app.exit(problem, out, std::cerr) != 0) return kUsage;
    print(out.str());  // help and version are "errors" with exit code 0
    return finish(kOk);
  } catch (const std::exception& problem) {
    return report(Status(StatusCode::internal, problem.what()));
  }
}
