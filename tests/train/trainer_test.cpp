// A run step by step is the run: the same weights, whatever is done between its steps.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/support/temporary_folder.h"
#include "tritium/training.hpp"

namespace tritium {
namespace {

namespace fs = std::filesystem;

TrainOptions short_run() {
  TrainOptions o;
  o.transformer = R"({"architecture": "llama", "dim": 32, "layers": 2, "heads": 2, "ffn": 32, "context": 32})";
  for (int i = 0; i < 200; ++i) o.text += "a mill stood by the river, ";
  o.steps = 6;
  o.context = 16;
  o.batch = 4;
  o.micro_batch = 2;
  o.threads = 1;
  return o;
}

std::string bytes_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string file_of_whole_run(TrainOptions options, const std::string& output) {
  options.output = output;
  const Result<TrainReport> report = train(options);
  EXPECT_TRUE(report.ok()) << report.message();
  return bytes_of(output);
}

TEST(Trainer, EndsWithTheFileOfTheWholeRunHoweverItsStepsAreTaken) {
  const TemporaryFolder folder;
  const TrainOptions options = short_run();
  const std::string whole = file_of_whole_run(options, folder.file("whole.gguf"));
  Result<Trainer> trainer = Trainer::create(options);
  ASSERT_TRUE(trainer.ok()) << trainer.message();
  for (const int64_t n : {1, 2}) {
    const Result<TrainProgress> progress = trainer->step(n);
    ASSERT_TRUE(progress.ok()) << progress.message();
    EXPECT_TRUE(std::isfinite(progress->train_loss) && progress->learning_rate > 0);
    EXPECT_EQ(progress->steps, 6);
  }
  EXPECT_FALSE(trainer->has_ended());
  Result<TrainProgress> last = trainer->step(100);
  ASSERT_TRUE(last.ok()) << last.message();
  EXPECT_EQ(last->step, 6);
  EXPECT_TRUE(last->valid_loss) << "a run looks at the held-out text after its last step";
  EXPECT_TRUE(trainer->has_ended());
  last = trainer->step();
  ASSERT_TRUE(last.ok()) << last.message();
  EXPECT_EQ(last->step, 6);
  EXPECT_TRUE(std::isnan(last->train_loss));
  const Result<TrainReport> report = trainer->export_to(folder.file("steps.gguf"));
  ASSERT_TRUE(report.ok()) << report.message();
  EXPECT_EQ(report->stop, TrainStop::finished);
  EXPECT_EQ(bytes_of(folder.file("steps.gguf")), whole);
}

// Half of the steps, an export and a score, the other half: the file of a run without those.
void expect_an_export_on_the_way_changes_nothing(const TrainOptions& options) {
  const TemporaryFolder folder;
  const std::string whole = file_of_whole_run(options, folder.file("whole.gguf"));
  Result<Trainer> trainer = Trainer::create(options);
  ASSERT_TRUE(trainer.ok()) << trainer.message();
  ASSERT_TRUE(trainer->step(3).ok());
  const Result<TrainReport> early = trainer->export_to(folder.file("early.gguf"));
  ASSERT_TRUE(early.ok()) << early.message();
  EXPECT_EQ(early->stop, TrainStop::interrupted);
  EXPECT_EQ(early->step, 3);
  EXPECT_NE(bytes_of(folder.file("early.gguf")), whole);
  const Result<TrainProgress> scored = trainer->evaluate();
  ASSERT_TRUE(scored.ok()) << scored.message();
  EXPECT_TRUE(scored->valid_loss && scored->bits_per_byte);
  ASSERT_TRUE(trainer->step(3).ok());
  ASSERT_TRUE(trainer->export_to(folder.file("steps.gguf")).ok());
  EXPECT_EQ(bytes_of(folder.file("steps.gguf")), whole);
  EXPECT_FALSE(fs::exists(folder.file("early.gguf.training")));
}

TEST(Trainer, ExportsOnTheWayAndGoesOnAsIfItHadNot) { expect_an_export_on_the_way_changes_nothing(short_run()); }

TEST(Trainer, SoDoesOneThatExportsAnAverage) {
  TrainOptions options = short_run();
  options.average = Average::ema;
  expect_an_export_on_the_way_changes_nothing(options);
}

TEST(Trainer, SoDoesOneThatRoundsByWhatItsWeightsSee) {
  TrainOptions options = short_run();
  options.attention = options.feed_forward = WeightMode::int4;
  options.gptq = 64;
  expect_an_export_on_the_way_changes_nothing(options);
}

TEST(Trainer, SoDoesOneWhoseWeightsAreNotYetTernary) {
  TrainOptions options = short_run();
  options.warm_start = 1;
  expect_an_export_on_the_way_changes_nothing(options);
}

TEST(Trainer, SoDoesOneThatTrainsSomeExperts) {
  const TemporaryFolder folder;
  TrainOptions options = short_run();
  options.transformer = R"({"architecture": "qwen3moe", "dim": 64, "layers": 2, "heads": 2, "ffn": 64, "experts": 4,
                            "top_k": 2, "context": 32})";
  file_of_whole_run(options, folder.file("mixture.gguf"));
  options.transformer.clear();
  options.model = folder.file("mixture.gguf");
  options.rotate_every = 2;
  for (const char* experts : {"rotate:2", "most-used:2"}) {
    options.experts_train = experts;
    expect_an_export_on_the_way_changes_nothing(options);
  }
}

TEST(Trainer, AStepThatIsCutShortWasNotTaken) {
  const TemporaryFolder folder;
  TrainOptions options = short_run();
  options.transformer = R"({"architecture": "llama", "dim": 128, "layers": 2, "heads": 2, "ffn": 256, "context": 64})";
  options.context = 64;
  options.batch = 16;
  options.micro_batch = 8;
  options.steps = 3;
  const std::string whole = file_of_whole_run(options, folder.file("whole.gguf"));
  Result<Trainer> trainer = Trainer::create(options);
  ASSERT_TRUE(trainer.ok()) << trainer.message();
  int cut = 0;
  for (int questions = 1; !trainer->has_ended(); questions += 3) {
    const Result<TrainProgress> progress =
        trainer->step(3, [questions, asked = 0]() mutable { return ++asked < questions; });
    if (progress.ok()) continue;
    ASSERT_EQ(progress.code(), StatusCode::cancelled) << progress.message();
    ++cut;
  }
  EXPECT_GT(cut, 1);
  ASSERT_TRUE(trainer->export_to(folder.file("steps.gguf")).ok());
  EXPECT_EQ(bytes_of(folder.file("steps.gguf")), whole);
}

TEST(Trainer, ProgressThatSaysNoEndsTheCallBehindItsStep) {
  TrainOptions options = short_run();
  options.eval_every = 1;
  Result<Trainer> trainer =
      Trainer::create(options, {.progress = [](const TrainProgress& now) { return now.step != 2; }});
  ASSERT_TRUE(trainer.ok()) << trainer.message();
  EXPECT_EQ(trainer->step(6).code(), StatusCode::cancelled);
  const Result<TrainProgress> next = trainer->step();
  ASSERT_TRUE(next.ok()) << next.message();
  EXPECT_EQ(next->step, 3);
}

TEST(Trainer, SavesWhatARunGoesOnFrom) {
  const TemporaryFolder folder;
  TrainOptions options = short_run();
  const std::string whole = file_of_whole_run(options, folder.file("whole.gguf"));
  Result<Trainer> trainer = Trainer::create(options);
  ASSERT_TRUE(trainer.ok()) << trainer.message();
  ASSERT_TRUE(trainer->step(2).ok());
  EXPECT_EQ(trainer->save().code(), StatusCode::invalid_argument) << "there is no folder";
  ASSERT_TRUE(trainer->save(folder.file("second.ckpt")).ok());
  options.resume = folder.file("second.ckpt");
  EXPECT_EQ(file_of_whole_run(options, folder.file("resumed.gguf")), whole);

  TrainOptions in_folder = short_run();
  in_folder.folder = folder.file("run");
  Result<Trainer> second = Trainer::create(in_folder);
  ASSERT_TRUE(second.ok()) << second.message();
  ASSERT_TRUE(second->step(2).ok());
  ASSERT_TRUE(second->save().ok());
  EXPECT_TRUE(fs::exists(folder.file("run/step-00000002.ckpt")));
  ASSERT_TRUE(second->step(100).ok());
  EXPECT_TRUE(fs::exists(folder.file("run/step-00000006.ckpt"))) << "the last one is saved, as by a run";
  EXPECT_EQ(Trainer::create(in_folder).code(), StatusCode::io_error) << "the folder is the trainer's";
}

TEST(Trainer, WritesOverNothingThatItReads) {
  const TemporaryFolder folder;
  TrainOptions options = short_run();
  file_of_whole_run(options, folder.file("model.gguf"));
  options.transformer.clear();
  options.model = folder.file("model.gguf");
  Result<Trainer> trainer = Trainer::create(options);
  ASSERT_TRUE(trainer.ok()) << trainer.message();
  EXPECT_EQ(trainer->export_to(options.model).code(), StatusCode::invalid_argument);
  EXPECT_EQ(trainer->save(options.model).code(), StatusCode::invalid_argument);
  EXPECT_EQ(trainer->export_to().code(), StatusCode::invalid_argument) << "nowhere to export to";
}

TEST(Trainer, RefusesASecondCallAndAfterAMoveAny) {
  TrainOptions options = short_run();
  options.eval_every = 1;
  Trainer* in_call = nullptr;
  StatusCode second = StatusCode::ok;
  Result<Trainer> made = Trainer::create(options, {.progress = [&](const TrainProgress&) {
                                           if (in_call) second = in_call->save("elsewhere.ckpt").code();
                                           return true;
                                         }});
  ASSERT_TRUE(made.ok()) << made.message();
  in_call = &*made;
  ASSERT_TRUE(made->step().ok());
  EXPECT_EQ(second, StatusCode::invalid_argument);
  in_call = nullptr;
  EXPECT_EQ(made->step(0).code(), StatusCode::invalid_argument);
  Trainer other = *std::move(made);
  EXPECT_EQ(made->step().code(), StatusCode::invalid_argument);
  EXPECT_TRUE(other.step().ok());
}

}  // namespace
}  // namespace tritium
