// Which files are one: by links, by other spellings, before they exist.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/same_file.h"
#include "tests/support/temporary_folder.h"

namespace tritium {
namespace {

namespace fs = std::filesystem;

Status check(const std::string& output, const std::string& input) {
  const NamedFile outputs[] = {{"the output", output}}, inputs[] = {{"the text", input}};
  return check_outputs(outputs, inputs);
}

class Outputs : public testing::Test {
 protected:
  Outputs() { std::ofstream(text_) << "text"; }
  TemporaryFolder folder_;
  std::string text_ = folder_.file("text");
};

TEST_F(Outputs, ThatAreReadAreRefusedWithBothNames) {
  fs::create_symlink("text", folder_.file("link"));
  fs::create_hard_link(text_, folder_.file("twin"));
  fs::create_directory_symlink(".", folder_.file("here"));
  for (const char* name : {"text", "link", "twin", "here/text", "./here/./text"}) {
    for (const auto& [output, input] : {std::pair{folder_.file(name), text_}, std::pair{text_, folder_.file(name)}}) {
      const Status status = check(output, input);
      EXPECT_EQ(status.code(), StatusCode::invalid_argument) << output << " and " << input;
      EXPECT_NE(status.message().find("is the output and also the text"), std::string::npos) << status.message();
      EXPECT_NE(status.message().find(input), std::string::npos) << status.message();
    }
  }
}

TEST_F(Outputs, ThatAreNewOrOtherFilesAreAllowed) {
  std::ofstream(folder_.file("other")) << "text";
  for (const std::string& output : {folder_.file("other"), folder_.file("new"), std::string()})
    EXPECT_TRUE(check(output, text_).ok()) << check(output, text_).message();
  EXPECT_TRUE(check(text_, "").ok());
  EXPECT_TRUE(check(text_, folder_.file("missing")).ok());
}

TEST_F(Outputs, OfWhichTwoAreOneAreRefusedAlsoBeforeTheyExist) {
  fs::create_directory_symlink(".", folder_.file("here"));
  for (const char* name : {"new", "text"}) {
    const NamedFile outputs[] = {{"the output", folder_.file(name)},
                                 {"the log", folder_.file("here/" + std::string(name))}};
    const Status status = check_outputs(outputs, {});
    EXPECT_EQ(status.code(), StatusCode::invalid_argument);
    EXPECT_NE(status.message().find("is the log and the output"), std::string::npos) << status.message();
  }
}

TEST_F(Outputs, ThatAreADeviceMayBeWrittenTwice) {
  const NamedFile outputs[] = {{"the output", "/dev/null"}, {"the log", "/dev/null"}};
  EXPECT_TRUE(check_outputs(outputs, {}).ok());
}

}  // namespace
}  // namespace tritium
