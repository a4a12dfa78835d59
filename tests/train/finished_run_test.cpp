// A run that is resumed when all that was asked for is done.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/support/temporary_folder.h"
#include "tritium/training.hpp"

namespace tritium {
namespace {

namespace fs = std::filesystem;

// Of three steps; what it logs is added to `said`.
TrainOptions short_run(const std::string& folder, std::string& said) {
  TrainOptions o;
  o.transformer = R"({"architecture": "llama", "dim": 32, "layers": 1, "heads": 2, "ffn": 32, "context": 32})";
  for (int i = 0; i < 200; ++i) o.text += "a mill stood by the river, ";
  o.steps = 3;
  o.context = 16;
  o.batch = 4;
  o.threads = 1;
  o.folder = folder;
  o.log = [&said](LogLevel, const std::string& line) { said += line + "\n"; };
  return o;
}

std::string get(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(AFinishedRun, SaysWhatWouldGoOnAndExportsWhatThereIs) {
  const TemporaryFolder root;
  std::string said;
  TrainOptions options = short_run(root.file("run"), said);
  ASSERT_TRUE(train(options).ok());
  const std::string checkpoint = get(root.file("run/step-00000003.ckpt"));
  options.resume = "auto";
  options.learning_rate = 1e-4;
  options.output = root.file("model.gguf");
  said.clear();
  Result<TrainReport> report = train(options);
  ASSERT_TRUE(report.ok()) << report.message();
  EXPECT_EQ(report->step, 3);
  EXPECT_TRUE(fs::exists(options.output));
  EXPECT_NE(said.find("the run is finished: it has taken all its 3 steps, and goes on when more --steps are asked for"),
            std::string::npos)
      << said;
  EXPECT_NE(said.find("nothing more is learned, nor with what differs from before (learning_rate)"), std::string::npos)
      << said;
  EXPECT_EQ(get(root.file("run/step-00000003.ckpt")), checkpoint);
  options.steps = 1000;
  options.minutes = 1e-9;
  said.clear();
  report = train(options);
  ASSERT_TRUE(report.ok()) << report.message();
  EXPECT_NE(said.find("goes on when more --minutes are asked for"), std::string::npos) << said;
  options.minutes = 0;
  options.steps = 4;
  said.clear();
  report = train(options);
  ASSERT_TRUE(report.ok()) << report.message();
  EXPECT_EQ(report->step, 4);
  EXPECT_EQ(said.find("is finished"), std::string::npos) << said;
}

}  // namespace
}  // namespace tritium
