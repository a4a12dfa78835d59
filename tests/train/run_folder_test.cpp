// Whose folder it is: identity, lock, what is refused, what is kept and what is removed. Through train(), as a program
// that embeds it sees it.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/format_text.h"
#include "tests/support/temporary_folder.h"
#include "train/resume.h"
#include "train/run_folder.h"
#include "tritium/training.hpp"

namespace tritium {
namespace {

namespace fs = std::filesystem;

class AFolder : public testing::Test {
 protected:
  TrainOptions run_of(int64_t steps, uint32_t seed = 0) {
    TrainOptions o;
    o.transformer = R"({"architecture": "llama", "dim": 32, "layers": 1, "heads": 2, "ffn": 32, "context": 32})";
    for (int i = 0; i < 200; ++i) o.text += "a mill stood by the river, ";
    o.steps = steps;
    o.seed = seed;
    o.context = 16;
    o.batch = 4;
    o.log_every = 1;
    o.eval_every = 1000;
    o.threads = 1;
    o.folder = folder();
    o.log = [this](LogLevel, const std::string& line) { said_ += line + "\n"; };
    return o;
  }
  std::string folder() const { return root_.file("run"); }
  std::string in_folder(const std::string& name) const { return (fs::path(folder()) / name).string(); }
  static std::string get(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder())) names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
  }
  void damage(const std::string& name) const {
    std::fstream file(in_folder(name), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(fs::file_size(in_folder(name)) / 2));
    file.put('?');
  }
  void expect_refused(const TrainOptions& options, const std::string& part) {
    const std::vector<std::string> before = names();
    const std::string log = get(in_folder("log.csv")), config = get(in_folder("config.json"));
    const Result<TrainReport> report = train(options);
    EXPECT_FALSE(report.ok());
    EXPECT_NE(report.message().find(part), std::string::npos) << report.message();
    EXPECT_EQ(names(), before);
    EXPECT_EQ(get(in_folder("log.csv")), log);
    EXPECT_EQ(get(in_folder("config.json")), config);
  }

  TemporaryFolder root_;
  std::string said_;
};

TEST_F(AFolder, NamesItsRunInEveryCheckpointAndInTheLog) {
  ASSERT_TRUE(train(run_of(3)).ok());
  EXPECT_EQ(names(), (std::vector<std::string>{"best.ckpt", "chart.svg", "config.json", "log.csv", "log.jsonl",
                                               "run.json", "step-00000003.ckpt"}));
  const std::string identity = get(in_folder("run.json"));
  for (const char* name : {"best.ckpt", "step-00000003.ckpt"}) {
    const Result<training::CheckpointState> state = training::verify_checkpoint(in_folder(name));
    ASSERT_TRUE(state.ok()) << state.message();
    const auto& [run, model] = state->identity;
    EXPECT_EQ(identity, join("{\"model\":\"", model, "\",\"run\":\"", run, "\"}\n"));
    std::ifstream log(in_folder("log.jsonl"));
    for (std::string row; std::getline(log, row);)
      EXPECT_NE(row.find("\"run\":\"" + run + "\"}"), std::string::npos) << row;
  }
  TrainOptions more = run_of(5);
  more.resume = "auto";
  ASSERT_TRUE(train(more).ok());
  EXPECT_EQ(get(in_folder("run.json")), identity);
  EXPECT_NE(said_.find("going on after step 3 from "), std::string::npos) << said_;
}

TEST_F(AFolder, ThatHoldsARunTakesNoOther) {
  ASSERT_TRUE(train(run_of(3)).ok());
  for (const char* part : {"holds the work of a run", "--resume auto", "--folder", "--overwrite"})
    expect_refused(run_of(2, 5), part);
  // Also when all but the log is gone.
  for (const char* name : {"best.ckpt", "step-00000003.ckpt", "chart.svg"}) fs::remove(in_folder(name));
  expect_refused(run_of(2, 5), "holds the work of a run (log.csv)");
}

TEST_F(AFolder, WithFilesOfThoseNamesThatAreSomebodyElsesIsRefused) {
  fs::create_directory(folder());
  std::ofstream(in_folder("config.json")) << "{}";
  expect_refused(run_of(2), "config.json");
}

TEST_F(AFolder, OfARunThatNeverTookAStepIsFree) {
  TrainOptions stopped = run_of(3);
  ASSERT_EQ(train(stopped, {.keep_going = [] { return false; }}).code(), StatusCode::cancelled);
  EXPECT_TRUE(train(run_of(2, 5)).ok());
}

TEST_F(AFolder, ThatIsOverwrittenHoldsTheNewRunAlone) {
  ASSERT_TRUE(train(run_of(9)).ok());
  const std::string before = get(in_folder("run.json"));
  std::ofstream(in_folder("notes.txt")) << "mine";
  TrainOptions next = run_of(2, 5);
  next.overwrite = true;
  ASSERT_TRUE(train(next).ok());
  EXPECT_EQ(names(), (std::vector<std::string>{"best.ckpt", "chart.svg", "config.json", "log.csv", "log.jsonl",
                                               "notes.txt", "run.json", "step-00000002.ckpt"}));
  EXPECT_NE(get(in_folder("run.json")), before);
  EXPECT_FALSE(train_options_from_json(get(in_folder("config.json")))->overwrite);
  next.resume = "auto";
  EXPECT_EQ(train(next).code(), StatusCode::invalid_argument);
}

TEST_F(AFolder, IsNotOverwrittenByARunThatCannotBegin) {
  ASSERT_TRUE(train(run_of(3)).ok());
  TrainOptions next = run_of(2, 5);
  next.overwrite = true;
  next.output = root_.file("no/such/folder.gguf");
  expect_refused(next, "cannot create");
}

TEST_F(AFolder, TakesOneRunAtATime) {
  bool tried = false;
  TrainOptions first = run_of(3);
  const auto try_another = [&](const TrainProgress&) {
    for (const char* resume : {"", "auto"}) {
      TrainOptions second = run_of(3);
      second.resume = resume;
      second.overwrite = *resume == '\0';
      const Result<TrainReport> report = train(second);
      EXPECT_EQ(report.code(), StatusCode::io_error);
      EXPECT_NE(report.message().find("a run is working in this folder"), std::string::npos) << report.message();
    }
    return tried = true;
  };
  ASSERT_TRUE(train(first, {.progress = try_another}).ok());
  EXPECT_TRUE(tried);
  EXPECT_FALSE(fs::exists(in_folder("run.lock")));
}

TEST_F(AFolder, ThatAKilledRunLockedIsFree) {
  fs::create_directory(folder());
  std::ofstream(in_folder("run.lock")) << "";
  EXPECT_TRUE(train(run_of(2)).ok());
}

TEST_F(AFolder, OfAnotherModelIsNotGoneOnWith) {
  ASSERT_TRUE(train(run_of(3)).ok());
  TrainOptions other = run_of(5, 7);  // other weights to begin from
  other.resume = "auto";
  expect_refused(other, "holds the run of another model");
  fs::remove(in_folder("run.json"));
  expect_refused(other, "a checkpoint of another model");
}

TEST_F(AFolder, WithoutItsNameGoesOnAsTheRunOfItsCheckpoints) {
  ASSERT_TRUE(train(run_of(3)).ok());
  const std::string before = get(in_folder("run.json"));
  for (const char* content : {"", "not JSON", "{\"run\": 7}"}) {
    fs::remove(in_folder("run.json"));
    if (*content) std::ofstream(in_folder("run.json")) << content;
    TrainOptions next = run_of(4);
    next.resume = "auto";
    ASSERT_TRUE(train(next).ok());
    EXPECT_EQ(get(in_folder("run.json")), before);
  }
}

TEST_F(AFolder, WhoseNewestCheckpointIsDamagedLosesNothingGoodForIt) {
  TrainOptions options = run_of(20);
  options.save_every = 5;
  ASSERT_TRUE(train(options).ok());
  damage("step-00000020.ckpt");
  damage("best.ckpt");
  options.resume = "auto";
  options.save_every = 2;
  options.log_every = 1;
  ASSERT_TRUE(train(options, {.progress = [](const TrainProgress& p) { return p.step < 18; }}).ok());  // from 15
  EXPECT_NE(said_.find("passed over: " + in_folder("step-00000020.ckpt")), std::string::npos) << said_;
  EXPECT_TRUE(training::verify_checkpoint(in_folder("step-00000018.ckpt")).ok());
  EXPECT_TRUE(training::verify_checkpoint(in_folder("step-00000016.ckpt")).ok());
  ASSERT_TRUE(train(options).ok());
  EXPECT_TRUE(training::verify_checkpoint(in_folder("step-00000020.ckpt")).ok());
}

TEST_F(AFolder, GoesOnFromAnEarlierPointOnlyInAnotherFolder) {
  TrainOptions options = run_of(10);
  options.save_every = 5;
  ASSERT_TRUE(train(options).ok());
  options.resume = in_folder("step-00000005.ckpt");
  expect_refused(options, "the run has been at step 10 since");
  options.folder = root_.file("branch");
  ASSERT_TRUE(train(options).ok());
  EXPECT_NE(get(root_.file("branch/run.json")), get(in_folder("run.json")));
  EXPECT_TRUE(fs::exists(in_folder("step-00000005.ckpt")));
  options.folder = folder();
  options.resume = root_.file("branch/step-00000010.ckpt");
  expect_refused(options, "holds the work of another run");
}

TEST_F(AFolder, BeyondTheStepsThatAreAskedForIsRefused) {
  ASSERT_TRUE(train(run_of(10)).ok());
  TrainOptions options = run_of(7);
  options.resume = "auto";
  expect_refused(options, "the run is at step 10, beyond the 7");
}

TEST_F(AFolder, SaysWhichOptionsAreOthersThanBefore) {
  ASSERT_TRUE(train(run_of(3)).ok());
  TrainOptions options = run_of(5);
  options.resume = "auto";
  options.learning_rate = 1e-4;
  ASSERT_TRUE(train(options).ok());
  EXPECT_NE(said_.find("goes on with other options than before: learning_rate\n"), std::string::npos) << said_;
}

TEST_F(AFolder, WithALogButNoCheckpointKeepsTheLogApart) {
  ASSERT_TRUE(train(run_of(3)).ok());
  const std::string log = get(in_folder("log.csv"));
  for (const char* name : {"best.ckpt", "step-00000003.ckpt"}) fs::remove(in_folder(name));
  TrainOptions options = run_of(2);
  options.resume = "auto";
  ASSERT_TRUE(train(options).ok());
  EXPECT_NE(said_.find("nothing to resume"), std::string::npos) << said_;
  EXPECT_EQ(get(in_folder("log.csv.before")), log);
  for (const char* name : {"best.ckpt", "step-00000002.ckpt"}) fs::remove(in_folder(name));
  const std::string second = get(in_folder("log.csv"));
  ASSERT_TRUE(train(options).ok());
  EXPECT_EQ(get(in_folder("log.csv.before")), log);
  EXPECT_EQ(get(in_folder("log.csv.before2")), second);
}

TEST_F(AFolder, OfALaterVersionOfTheProgramIsLeftToIt) {
  ASSERT_TRUE(train(run_of(3)).ok());
  const std::string path = in_folder("step-00000003.ckpt");
  std::string bytes = get(path);
  bytes[bytes.find("\"version\":2") + 10] = '9';
  std::ofstream(path, std::ios::binary) << bytes;
  TrainOptions next = run_of(5);
  next.resume = "auto";
  expect_refused(next, "a checkpoint of version 9");
}

TEST_F(AFolder, NeverGetsWeightsThatAreNoNumbers) {
  TrainOptions options = run_of(5);
  options.attention = options.feed_forward = WeightMode::full;
  options.clip = 0;
  options.learning_rate = 1e39;  // infinite as a float
  options.save_every = 1;
  EXPECT_FALSE(train(options).ok());
  EXPECT_NE(said_.find("holds a value that is not finite"), std::string::npos) << said_;
  for (const std::string& name : names()) EXPECT_FALSE(name.ends_with(".ckpt")) << name;
}

TEST_F(AFolder, WhoseBestCheckpointIsLostExportsTheLastWeights) {
  TrainOptions options = run_of(200);
  options.eval_every = 1;
  options.early_stop = 2;
  options.learning_rate = 0.5;
  options.clip = 0;
  options.output = root_.file("model.gguf");
  const auto lose = [this](const TrainProgress&) {
    if (fs::exists(in_folder("best.ckpt"))) damage("best.ckpt");
    return true;
  };
  const Result<TrainReport> report = train(options, {.progress = lose});
  ASSERT_TRUE(report.ok()) << report.message();
  ASSERT_EQ(report->stop, TrainStop::early);
  EXPECT_EQ(report->exported_step, report->step);
  EXPECT_NE(said_.find("the last weights are taken in place of the best"), std::string::npos) << said_;
}

TEST_F(AFolder, GetsACheckpointByTheClock) {
  TrainOptions options = run_of(4);
  options.save_minutes = 1e-9;
  options.keep_last = 10;
  ASSERT_TRUE(train(options).ok());
  EXPECT_EQ(training::list_checkpoints(folder(), "").size(), 4u);
}

TEST_F(AFolder, WhoseTemporaryFilesWereLeftByAKilledRunIsCleaned) {
  ASSERT_TRUE(train(run_of(3)).ok());
  const std::string left = in_folder(".step-00000002.ckpt.0123456789abcdef.tmp");
  const std::string other = in_folder(".notes.txt.0123456789abcdef.tmp");
  for (const std::string& path : {left, other}) std::ofstream(path) << "half";
  TrainOptions options = run_of(5);
  options.resume = "auto";
  ASSERT_TRUE(train(options).ok());
  EXPECT_FALSE(fs::exists(left));
  EXPECT_TRUE(fs::exists(other));
}

TEST_F(AFolder, WhoseLogOrChartCannotBeWrittenIsTrainedInToTheEnd) {
  const auto in_the_way = [this](const TrainProgress& p) {
    if (p.step > 1) return true;
    fs::remove(in_folder("chart.svg"));
    return fs::create_directory(in_folder("chart.svg"));
  };
  ASSERT_TRUE(train(run_of(4), {.progress = in_the_way}).ok());
  EXPECT_TRUE(training::verify_checkpoint(in_folder("step-00000004.ckpt")).ok());
  const size_t first = said_.find("chart.svg");
  EXPECT_NE(first, std::string::npos) << said_;
  EXPECT_EQ(said_.find("chart.svg", first + 10), std::string::npos) << said_;
}

// While files may not grow, as on a full disk; later there is room.
TEST_F(AFolder, ThatIsFullForAWhileCostsNothingButTheCheckpointsOfThatTime) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto fill = [&](const TrainProgress& p) {
    const rlimit full{p.step < 4 ? rlim_t{2000} : before.rlim_cur, before.rlim_max};
    return setrlimit(RLIMIT_FSIZE, &full) == 0;
  };
  TrainOptions options = run_of(6);
  options.save_every = 1;
  options.output = root_.file("model.gguf");
  const Result<TrainReport> report = train(options, {.progress = fill});
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  ASSERT_TRUE(report.ok()) << report.message();
  EXPECT_NE(said_.find("step-00000002.ckpt: cannot write: File too large; earlier checkpoints are as they were"),
            std::string::npos)
      << said_;
  EXPECT_TRUE(training::verify_checkpoint(in_folder("step-00000006.ckpt")).ok());
  for (const std::string& name : names()) EXPECT_EQ(name.find(".tmp"), std::string::npos) << name;
}

TEST_F(AFolder, ThatIsFullFromTheStartIsNotSaidToHoldEarlierCheckpoints) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit full{20'000, before.rlim_max};  // room for the options and the log
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &full), 0);
  const Result<TrainReport> report = train(run_of(3));
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_EQ(report.code(), StatusCode::io_error) << report.message();
  EXPECT_NE(said_.find("the run has no checkpoint yet"), std::string::npos) << said_;
  EXPECT_EQ(said_.find("earlier checkpoints"), std::string::npos) << said_;
}

TEST_F(AFolder, ThatIsFullInTheEndIsAFailureThatNamesTheExportedModel) {
  TrainOptions options = run_of(3);
  options.output = root_.file("model.gguf");
  ASSERT_TRUE(train(options).ok());
  // Between the sizes of the two.
  const uintmax_t model = fs::file_size(options.output), checkpoint = fs::file_size(in_folder("step-00000003.ckpt"));
  ASSERT_LT(model, checkpoint);
  fs::remove(options.output);
  options.overwrite = true;
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto fill = [&](const TrainProgress&) {
    const rlimit full{(model + checkpoint) / 2, before.rlim_max};
    return setrlimit(RLIMIT_FSIZE, &full) == 0;
  };
  const Result<TrainReport> report = train(options, {.progress = fill});
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_EQ(report.code(), StatusCode::io_error) << report.message();
  EXPECT_NE(report.message().find("model.gguf is written, but the checkpoint is not"), std::string::npos)
      << report.message();
  EXPECT_TRUE(fs::exists(options.output));
}

TEST_F(AFolder, WhoseFilesAreReadOrAreTheOutputIsRefused) {
  ASSERT_TRUE(train(run_of(3)).ok());
  TrainOptions options = run_of(5);
  options.resume = "auto";
  for (const char* name : {"best.ckpt", "step-00000004.ckpt", "log.jsonl"}) {
    options.output = in_folder(name);
    expect_refused(options, name);
  }
  options.output.clear();
  options.data = {in_folder("log.jsonl")};
  options.text.clear();
  expect_refused(options, "which would be lost");
}

TEST_F(AFolder, BelowTheDataIsNotReadAsText) {
  fs::create_directory(root_.file("data"));
  const std::string text = run_of(1).text;
  std::ofstream(root_.file("data/book.txt")) << text;
  TrainOptions options = run_of(2);
  options.text.clear();
  options.data = {root_.file("data")};
  options.folder = root_.file("data/run");
  ASSERT_TRUE(train(options).ok());
  options.resume = "auto";
  options.steps = 4;
  const Result<TrainReport> report = train(options);
  ASSERT_TRUE(report.ok()) << report.message();
  EXPECT_NE(said_.find("data/run: the log of a training run is not read as text"), std::string::npos) << said_;
}

}  // namespace
}  // namespace tritium
