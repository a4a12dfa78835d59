#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/checksum.h"
#include "tests/support/temporary_folder.h"
#include "tests/train/training_model.h"
#include "train/resume.h"

namespace tritium {
namespace {

using training::CheckpointState;
using training::RunIdentity;

// A run of `steps` steps, which at step `stop` is written and read into a new model.
std::vector<float> trained(const training::Recipe& recipe, const training::OptimizerOptions& options, int64_t stop,
                           int64_t steps) {
  const TemporaryFolder folder;
  auto m = std::make_unique<TrainingModel>(training_backend("cpu"), kTinyMoe, recipe, options);
  for (int64_t step = 1; step <= steps; ++step) {
    m->step(step);
    if (step != stop) continue;
    const std::string path = folder.file("run.ckpt");
    EXPECT_TRUE(write_checkpoint(path, *m->backend, *m->model, {.step = step, .options = "{}"}).ok());
    m = std::make_unique<TrainingModel>(training_backend("cpu"), kTinyMoe, recipe, options);
    const Result<CheckpointState> state = read_checkpoint(path, *m->backend, *m->model);
    EXPECT_TRUE(state.ok()) << state.message();
    EXPECT_EQ(state->step, step);
    m->model->restore(m->ops, 1.0f);
  }
  std::vector<float> all;
  for (const training::BitLinear* p : m->model->parameters()) {
    const Result<std::vector<float>> values = p->values(*m->backend);
    EXPECT_TRUE(values.ok());
    all.insert(all.end(), values->begin(), values->end());
  }
  return all;
}

TEST(Checkpoint, AResumedRunIsTheUninterruptedOneToTheBit) {
  for (const training::Recipe& recipe :
       {training::Recipe{}, training::Recipe{.shadow = ShadowPrecision::bf16, .scales = {.momentum = 0.99f}},
        training::Recipe{.attention = WeightMode::int8, .scale_sync = ScaleSync::per_block},
        training::Recipe{.attention = WeightMode::int4, .shadow = ShadowPrecision::int8},
        training::Recipe{.attention = WeightMode::stochastic, .feed_forward = WeightMode::lora}})
    for (bool states_8bit : {false, true})
      EXPECT_EQ(trained(recipe, {.states_8bit = states_8bit}, 3, 6),
                trained(recipe, {.states_8bit = states_8bit}, 0, 6));
}

class CheckpointOfCodes : public testing::Test {
 protected:
  static constexpr const char* kName = "blk.0.ffn_up_exps.weight";
  CheckpointOfCodes() : model(training_backend("cpu"), kTinyMoe, {.shadow = ShadowPrecision::int8}) {}
  Status write() { return write_checkpoint(path, *model.backend, *model.model, {.step = 1, .options = "{}"}); }
  Result<CheckpointState> read() { return read_checkpoint(path, *model.backend, *model.model); }
  TemporaryFolder folder;
  std::string path = folder.file("run.ckpt");
  TrainingModel model;
};

TEST_F(CheckpointOfCodes, HasTheirStep) {
  training::BitLinear& p = model.parameter(kName);
  const std::vector<float> before = *p.values(*model.backend);
  ASSERT_TRUE(write().ok());
  const uint64_t structure = model.model->structure();
  p.shadow.code_step *= 2;
  EXPECT_NE(model.model->structure(), structure) << "what was recorded has another step";
  ASSERT_TRUE(read().ok());
  EXPECT_EQ(*p.values(*model.backend), before);
}

TEST_F(CheckpointOfCodes, WithoutAStepIsRefused) {
  model.parameter(kName).shadow.code_step = 0.0f;
  ASSERT_TRUE(write().ok());
  EXPECT_EQ(read().code(), StatusCode::corrupt_file);
  EXPECT_NE(read().message().find("has codes of step 0"), std::string::npos) << read().message();
}

TEST_F(CheckpointOfCodes, WithACodeThatNoWeightHasIsNotWritten) {
  const training::BitLinear& p = model.parameter(kName);
  const std::vector<std::byte> codes(static_cast<size_t>(p.shadow.data.bytes()), std::byte{0x80});
  ASSERT_TRUE(model.backend->upload(p.shadow.data, codes).ok());
  EXPECT_NE(write().message().find("holds the code -128"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(Checkpoint, HoldsFactoredMomentsAndMomenta) {
  for (OptimizerKind kind : {OptimizerKind::adalomo, OptimizerKind::muon})
    EXPECT_EQ(trained({.shadow = ShadowPrecision::bf16}, {.kind = kind}, 3, 6),
              trained({.shadow = ShadowPrecision::bf16}, {.kind = kind}, 0, 6));
}

class DamagedCheckpoint : public testing::Test {
 protected:
  DamagedCheckpoint() : model_(training_backend("cpu"), kTinyDense, {}), path_(folder_.file("run.ckpt")) {
    EXPECT_TRUE(write_checkpoint(path_, *model_.backend, *model_.model, {.step = 5, .options = "{}"}).ok());
  }
  std::string read_error() {
    const Result<CheckpointState> state = read_checkpoint(path_, *model_.backend, *model_.model);
    return state.ok() ? "" : state.message();
  }
  // The checksum that the file should have, in place of its last bytes.
  void seal() {
    std::string bytes = get(path_);
    const uint64_t sum = checksum_of(std::as_bytes(std::span(bytes)).first(bytes.size() - 8));
    std::memcpy(bytes.data() + bytes.size() - 8, &sum, 8);
    std::ofstream(path_, std::ios::binary) << bytes;
  }
  // Another value for the first `key` of the header, whose length goes with it, and the checksum.
  void set(const std::string& key, const std::string& value) {
    std::string bytes = get(path_);
    uint64_t length = 0;
    std::memcpy(&length, bytes.data() + 8, 8);
    std::string header = bytes.substr(16, length);
    const size_t at = header.find('"' + key + "\":") + key.size() + 3;
    header.replace(at, header.find_first_of(",}", at) - at, value);
    const std::string tensors = bytes.substr((16 + length + 63) / 64 * 64);
    length = header.size();
    std::memcpy(bytes.data() + 8, &length, 8);
    bytes = bytes.substr(0, 16) + header;
    bytes.resize((bytes.size() + 63) / 64 * 64);
    std::ofstream(path_, std::ios::binary) << bytes << tensors;
    seal();
  }
  static std::string get(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  TemporaryFolder folder_;
  TrainingModel model_;
  std::string path_;
};

TEST_F(DamagedCheckpoint, WhoseHeaderIsWrittenAgainAsItWasIsRead) {
  set("step", "5");
  EXPECT_EQ(read_error(), "");
}

// The tensors would begin behind the end of this file; added to where, their bytes give its size again.
TEST_F(DamagedCheckpoint, WhoseSizesWrapIsRefused) {
  std::string header =
      R"({"bytes": 18446744073709551604, "step": 1, "tensors": [{"name": "x", "offset": 4096, "bytes": 64}]})";
  header.resize(164, ' ');
  const uint64_t length = header.size();
  std::string start = "TRITIUMC" + std::string(8, '\0');
  std::memcpy(start.data() + 8, &length, 8);
  std::ofstream(path_, std::ios::binary) << start << header;
  EXPECT_NE(read_error().find("180 bytes, its header says 192 + 18446744073709551604"), std::string::npos)
      << read_error();
}

TEST_F(DamagedCheckpoint, WhoseTensorsLieOutsideOfTheFileIsRefused) {
  for (const char* offset : {"18446744073709551615", "-64", "1e300", "null"}) {
    set("offset", offset);
    EXPECT_NE(read_error().find("does not lie within the file"), std::string::npos) << offset << ": " << read_error();
  }
}

TEST_F(DamagedCheckpoint, OfAnImpossibleStepIsRefusedByItsKey) {
  for (const char* step : {"-1", "9223372036854775807", "1e300", "\"five\"", "[[[]]]"}) {
    set("step", step);
    EXPECT_NE(read_error().find("step must be an integer from 0 to"), std::string::npos)
        << step << ": " << read_error();
    EXPECT_FALSE(training::peek_checkpoint(path_).ok());
    set("step", "5");
  }
  for (const char* key : {"averaged_steps", "evaluations_since_best"}) {
    set(key, "-1");
    EXPECT_NE(read_error().find(std::string(key) + " must be"), std::string::npos) << read_error();
    set(key, "0");
  }
  set("seconds", "-1");
  EXPECT_NE(read_error().find("seconds"), std::string::npos) << read_error();
}

TEST_F(DamagedCheckpoint, OfAnyLengthIsRefusedAndNeverCrashes) {
  const auto size = std::filesystem::file_size(path_);
  for (uintmax_t length : {size - 1, size / 2, uintmax_t{40}, uintmax_t{16}, uintmax_t{3}}) {
    std::filesystem::resize_file(path_, length);
    EXPECT_NE(read_error(), "") << length;
    EXPECT_TRUE(training::list_checkpoints(folder_.path().string(), "").empty());
  }
}

TEST_F(DamagedCheckpoint, WithAnyByteOfItsHeaderChangedIsReadOrRefused) {
  std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
  for (int at = 0; at < 400; at += 7) {
    file.seekg(at);
    const int before = file.get();
    file.seekp(at);
    file.put('\xFF');
    file.flush();
    read_error();  // whatever it says, it returns
    file.seekp(at);
    file.put(static_cast<char>(before));
    file.flush();
  }
  EXPECT_EQ(read_error(), "");
}

// Where in the file: a tensor, the padding between two, the checksum itself.
TEST_F(DamagedCheckpoint, WithAnyOtherByteChangedIsRefusedByItsChecksum) {
  const std::string whole = get(path_);
  uint64_t length = 0;
  std::memcpy(&length, whole.data() + 8, 8);
  for (size_t at = (16 + length + 63) / 64 * 64; at<whole.size(); at += whole.size() - at> 9 ? 997 : 1) {
    if (whole.size() - at > 9 && at + 997 > whole.size()) at = whole.size() - 9;
    std::string bytes = whole;
    bytes[at] = static_cast<char>(bytes[at] ^ 0x10);
    std::ofstream(path_, std::ios::binary) << bytes;
    EXPECT_NE(read_error().find("the checksum differs"), std::string::npos) << at << ": " << read_error();
    EXPECT_FALSE(training::verify_checkpoint(path_).ok());
  }
}

TEST_F(DamagedCheckpoint, WithACodeThatIsNoTritIsRefusedAndLeavesTheModelAsItWas) {
  std::string bytes = get(path_);
  uint64_t length = 0;
  std::memcpy(&length, bytes.data() + 8, 8);
  const std::string header = bytes.substr(16, length);
  const size_t name = header.find(".trits\",\"offset\":") + std::strlen(".trits\",\"offset\":");
  ASSERT_LT(name, header.size());
  bytes[(16 + length + 63) / 64 * 64 + std::stoull(header.substr(name))] = '\x0C';  // codes 0, 3, 0, 0
  std::ofstream(path_, std::ios::binary) << bytes;
  seal();
  const std::vector<float> before = model_.values_of(model_.model->parameters().front()->shadow.data);
  EXPECT_NE(read_error().find("holds the code 3"), std::string::npos) << read_error();
  EXPECT_EQ(model_.values_of(model_.model->parameters().front()->shadow.data), before);
}

TEST_F(DamagedCheckpoint, OfALaterVersionAsksForAnotherProgram) {
  set("version", "3");
  EXPECT_NE(read_error().find("a checkpoint of version 3"), std::string::npos) << read_error();
}

// Version 1: without checksum, run and model.
TEST_F(DamagedCheckpoint, OfTheFirstVersionIsRead) {
  set("version", "1");
  std::filesystem::resize_file(path_, std::filesystem::file_size(path_) - 8);
  EXPECT_EQ(read_error(), "");
}

TEST_F(DamagedCheckpoint, OfAnotherModelIsRefusedByTheTensorThatDiffers) {
  TrainingModel other(training_backend("cpu"), kTinyMoe, {});
  const Result<CheckpointState> state = read_checkpoint(path_, *other.backend, *other.model);
  ASSERT_FALSE(state.ok());
  EXPECT_NE(state.message().find("blk.0"), std::string::npos) << state.message();
}

class ResumedFolder : public testing::Test {
 protected:
  ResumedFolder() : model_(training_backend("cpu"), kTinyDense, {}) {}
  void write(const std::string& name, int64_t step, const RunIdentity& identity = {"a run", "a model"}) {
    ASSERT_TRUE(
        write_checkpoint(folder_.file(name), *model_.backend, *model_.model, {.step = step, .identity = identity})
            .ok());
  }
  // One byte less, or another one in the middle.
  void shorten(const std::string& name) {
    std::filesystem::resize_file(folder_.file(name), std::filesystem::file_size(folder_.file(name)) - 1);
  }
  void change(const std::string& name) {
    std::fstream file(folder_.file(name), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(std::filesystem::file_size(folder_.file(name)) / 2));
    file.put('?');
  }
  Result<std::string> found(const RunIdentity& wanted = {"a run", "a model"}) {
    const Result<training::ResumeChoice> choice = training::checkpoint_to_resume(
        folder_.path().string(), wanted, [this](LogLevel, const std::string& line) { said_ += line + "\n"; });
    if (!choice.ok()) return choice.status();
    return choice->path;
  }
  TemporaryFolder folder_;
  TrainingModel model_;
  std::string said_;
};

TEST_F(ResumedFolder, WithoutCheckpointsGivesNone) {
  std::ofstream(folder_.file("log.csv")) << "step\n";
  const Result<std::string> path = found();
  ASSERT_TRUE(path.ok()) << path.message();
  EXPECT_EQ(*path, "");
}

TEST_F(ResumedFolder, GoesOnFromTheMostStepsAlsoWhenTheBestHasThem) {
  write("step-00000004.ckpt", 4);
  write("step-00000010.ckpt", 10);
  write("best.ckpt", 7);
  EXPECT_EQ(*found(), folder_.file("step-00000010.ckpt"));
  write("best.ckpt", 12);
  EXPECT_EQ(*found(), folder_.file("best.ckpt"));
  EXPECT_EQ(said_, "");
}

TEST_F(ResumedFolder, WithTheBestAloneGoesOnFromIt) {
  write("best.ckpt", 7);
  EXPECT_EQ(*found(), folder_.file("best.ckpt"));
}

TEST_F(ResumedFolder, SaysWhatItPassesOver) {
  write("step-00000004.ckpt", 4);
  write("step-00000010.ckpt", 10);
  write("best.ckpt", 12);
  shorten("step-00000010.ckpt");
  change("best.ckpt");
  EXPECT_EQ(*found(), folder_.file("step-00000004.ckpt"));
  EXPECT_NE(said_.find("step-00000010.ckpt: not a complete checkpoint"), std::string::npos) << said_;
  EXPECT_NE(said_.find("best.ckpt: not a complete checkpoint of tritium: its bytes are not"), std::string::npos)
      << said_;
}

TEST_F(ResumedFolder, WithoutAnyThatCanBeReadIsRefused) {
  write("step-00000004.ckpt", 4);
  shorten("step-00000004.ckpt");
  const Result<std::string> path = found();
  ASSERT_FALSE(path.ok());
  EXPECT_EQ(path.code(), StatusCode::corrupt_file);
  EXPECT_NE(path.message().find("none of its checkpoints can be read"), std::string::npos) << path.message();
  EXPECT_NE(path.message().find("step-00000004.ckpt"), std::string::npos) << path.message();
}

TEST_F(ResumedFolder, NeverGoesOnFromWhatIsOfAnotherRunOrModel) {
  write("step-00000004.ckpt", 4);
  write("step-00000010.ckpt", 10, {"another run", "a model"});
  write("best.ckpt", 12, {"a run", "another model"});
  EXPECT_EQ(*found(), folder_.file("step-00000004.ckpt"));
  EXPECT_NE(said_.find("step-00000010.ckpt: a checkpoint of another run (another run"), std::string::npos) << said_;
  EXPECT_NE(said_.find("best.ckpt: a checkpoint of another model"), std::string::npos) << said_;
  const Result<std::string> none = found({"a third run", "a third model"});
  EXPECT_EQ(none.code(), StatusCode::invalid_argument);
  EXPECT_NE(none.message().find("none of its checkpoints is of this run"), std::string::npos) << none.message();
}

TEST_F(ResumedFolder, WithoutTheNameOfItsRunGoesOnFromTheModels) {
  write("step-00000004.ckpt", 4, {"some run", "a model"});
  write("step-00000010.ckpt", 10, {"some run", "another model"});
  EXPECT_EQ(*found({"", "a model"}), folder_.file("step-00000004.ckpt"));
}

TEST_F(ResumedFolder, OfAnEarlierVersionSaysWhatCannotBeChecked) {
  write("step-00000004.ckpt", 4, {});
  EXPECT_EQ(*found(), folder_.file("step-00000004.ckpt"));
  EXPECT_NE(said_.find("does not name its model"), std::string::npos) << said_;
}

TEST_F(ResumedFolder, ListsTheCheckpointsOfARunFromTheMostStepsDown) {
  write("step-00000004.ckpt", 4);
  write("step-00000012.ckpt", 12);
  write("step-00000100.ckpt", 100, {"another run", "a model"});
  write("best.ckpt", 12);
  EXPECT_EQ(training::list_checkpoints(folder_.path().string(), "a run"),
            (std::vector{folder_.file("step-00000012.ckpt"), folder_.file("step-00000004.ckpt")}));
}

TEST(ChangedOptions, AreThoseThatChangeWhatAStepDoes) {
  TrainOptions before, now;
  now.learning_rate = 1e-4;
  now.seed = 5;
  now.steps = 100;
  now.folder = "elsewhere";
  now.threads = 3;
  EXPECT_EQ(training::changed_options(train_options_to_json(before), train_options_to_json(now)),
            "learning_rate, seed");
  EXPECT_EQ(training::changed_options("", train_options_to_json(now)), "");
}

}  // namespace
}  // namespace tritium
