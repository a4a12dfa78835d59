// A run that exports an average of its weights: what it says of it.
#include <gtest/gtest.h>

#include "tritium/training.hpp"

namespace tritium {
namespace {

// An average that the last step's weights have long left behind.
TrainOptions averaged_run(WeightMode mode, std::string& said) {
  TrainOptions o;
  o.transformer = R"({"architecture": "llama", "dim": 32, "layers": 1, "heads": 2, "ffn": 32, "context": 32})";
  for (int i = 0; i < 200; ++i) o.text += "a mill stood by the river, ";
  o.steps = 25;
  o.context = 16;
  o.batch = 4;
  o.attention = o.feed_forward = mode;
  o.average = Average::ema;
  o.ema_decay = 0.999;
  o.log = [&said](LogLevel, const std::string& line) { said += line + "\n"; };
  return o;
}

TEST(AnAveragedRun, WarnsOfTernaryWeightsAndSaysBothLosses) {
  std::string said;
  const Result<TrainReport> report = train(averaged_run(WeightMode::ternary, said));
  ASSERT_TRUE(report.ok()) << report.message();
  EXPECT_NE(said.find("averages of shadows are known to hurt ternary weights"), std::string::npos) << said;
  ASSERT_TRUE(report->average_valid_loss);
  EXPECT_GT(*report->average_valid_loss, report->valid_loss + 0.01);
  EXPECT_NE(said.find("the averaged weights are worse when they are ternary: "), std::string::npos) << said;
}

TEST(AnAveragedRun, SaysNothingOfIntegers) {
  std::string said;
  const Result<TrainReport> report = train(averaged_run(WeightMode::int4, said));
  ASSERT_TRUE(report.ok()) << report.message();
  EXPECT_TRUE(report->average_valid_loss);
  EXPECT_EQ(said.find("averages of shadows"), std::string::npos) << said;
  EXPECT_EQ(said.find("worse when they are ternary"), std::string::npos) << said;
}

}  // namespace
}  // namespace tritium
