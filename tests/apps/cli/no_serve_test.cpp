// The command in place of the server, which the usual build does not have.
#include <gtest/gtest.h>

#include "cli/commands.h"

namespace tritium::cli {
namespace {

TEST(NoServe, SaysWhatIsMissingWhateverFollows) {
  CLI::App app;
  Action action;
  add_serve(app, action);
  app.parse("serve a=model.gguf --port 8080", false);
  testing::internal::CaptureStderr();
  EXPECT_EQ(action(), kFailed);
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_NE(said.find("built without its server: the reason (what to install)"), std::string::npos) << said;
}

TEST(NoServe, HelpSaysSo) {
  CLI::App app;
  Action action;
  add_serve(app, action);
  EXPECT_NE(app.help().find("left out of this program: the reason"), std::string::npos) << app.help();
}

}  // namespace
}  // namespace tritium::cli
