// In place of the server where the program is built without it.
#include "cli/commands.h"
#include "cli/terminal.h"

namespace tritium::cli {

void add_serve(CLI::App& app, Action& action) {
  CLI::App* command =
      app.add_subcommand("serve", "an HTTP server (left out of this program: " TRITIUM_SERVER_MISSING ")");
  command->allow_extras();
  command->callback([&action] {
    action = [] {
      return report(
          Status(StatusCode::unsupported, "this program was built without its server: " TRITIUM_SERVER_MISSING));
    };
  });
}

}  // namespace tritium::cli
