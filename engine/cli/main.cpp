// The program `tritium`: a client of the public API. Text on stdout, everything else on stderr.
#include <csignal>

#include "cli/commands.h"
#include "cli/terminal.h"
#include "tritium/tritium.hpp"

int main(int argc, char** argv) {
  using namespace tritium::cli;
  std::signal(SIGPIPE, SIG_IGN);  // a reader that went away is seen as a failed write

  CLI::App app{"Runs ternary mixture-of-experts language models on the CPU or through Vulkan."};
  app.set_version_flag("--version", "tritium " + tritium::version());
  app.require_subcommand(1);
  app.get_formatter()->column_width(34);
  Action action;
  add_run(app, action);
  add_eval(app, action);
  add_logits(app, action);
  add_info(app, action);
  add_devices(app, action);
  add_selftest(app, action);
  add_bench(app, action);
  app.footer(
      "Examples:\n"
      "  tritium run model.gguf -p \"Once upon a time\" -n 60\n"
      "  tritium devices\n"
      "  tritium COMMAND --help        options and examples of a command\n"
      "Exit codes: 0 done, 1 failed, 2 wrong usage.");
  app.failure_message([](const CLI::App*, const CLI::Error& problem) {
    return "tritium: error: " + std::string(problem.what()) + " (tritium COMMAND --help says more)\n";
  });
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& problem) {
    // Help and version are "errors" with exit code 0.
    return app.exit(problem) == 0 ? kOk : kUsage;
  }
  return action();
}
