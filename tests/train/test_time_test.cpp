// Test-time training: what it scores, and when it learns.
#include "tritium/test_time_training.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>

#include "backends.h"
#include "tests/support/counting_backend.h"
#include "tests/train/byte_model.h"
#include "tests/train/training_model.h"
#include "train/memory_plan.h"
#include "train/test_time/test_time_run.h"
#include "tritium/tritium.hpp"

namespace tritium {
namespace {

constexpr const char* kTernaryMoe =
    R"({"architecture": "qwen3moe", "dim": 64, "layers": 2, "heads": 2, "kv_heads": 1, "head_dim": 32, "ffn": 64,
        "experts": 4, "top_k": 2, "context": 32})";

std::string sentence(int times) {
  std::string text;
  for (int i = 0; i < times; ++i) text += "a mill stood by the river, and the wheel turned; ";
  return text;
}

// Models as files, each made once: by some steps of training where it has a description.
struct ModelCase {
  const char* name;
  std::string description;  // empty: random weights in full precision
};
void PrintTo(const ModelCase& c, std::ostream* out) { *out << c.name; }

std::string file_of(const ModelCase& c) {
  static const TemporaryFolder folder;
  static std::map<std::string, std::string> made;
  if (made.contains(c.name)) return made[c.name];
  if (c.description.empty()) {
    const std::string path = write_model(
        byte_model({.architecture = "llama", .vocab_size = kBytes, .context_length = 32, .ternary = false}), folder);
    return made[c.name] = path;
  }
  TrainOptions options;
  options.transformer = c.description;
  options.text = sentence(20);
  options.steps = 3;
  options.context = 16;
  options.batch = 4;
  options.output = folder.file(std::string(c.name) + ".gguf");
  const Result<TrainReport> report = train(options);
  EXPECT_TRUE(report.ok()) << report.message();
  return made[c.name] = options.output;
}

const ModelCase kDense = {"Dense", ""};
const ModelCase kTernary = {"TernaryMoe", kTernaryMoe};

TestTimeOptions options_of(const ModelCase& c, const std::string& text) {
  return {.model = file_of(c), .text = text, .window = 16, .stride = 5, .chunk = 60, .epochs = 2, .batch = 4};
}

TestTimeReport report_of(const TestTimeOptions& options) {
  Result<TestTimeReport> report = test_time_training(options);
  EXPECT_TRUE(report.ok()) << report.message();
  return report.ok() ? *std::move(report) : TestTimeReport();
}

class TestTime : public testing::TestWithParam<ModelCase> {};
INSTANTIATE_TEST_SUITE_P(Models, TestTime,
                         testing::Values(kDense, kTernary, ModelCase{"LabDense", kLabDense},
                                         ModelCase{"LabLooped", looped(kLabDense)}, ModelCase{"LabMoe", kLabMoe}),
                         [](const auto& info) { return info.param.name; });

// At a rate of 0 nothing is learned: what is left is the score, computed by what trains in place of what runs. Inputs
// that are rounded to int8 may fall on two sides of a bound.
TEST_P(TestTime, ScoresAsEvaluationDoesWhereNothingIsLearned) {
  TestTimeOptions options = options_of(GetParam(), sentence(5));
  options.window = 12;
  options.learning_rate = 0;
  const Result<Model> model = Runtime::create({.backend = "cpu"})->load(options.model);
  ASSERT_TRUE(model.ok()) << model.message();
  for (const auto& [activations, bound] : {std::pair(Activations::f32, 1e-6), {Activations::int8, 2e-3}}) {
    options.activations = activations;
    const TestTimeReport report = report_of(options);
    const Result<Evaluation> expected = model->evaluate(
        options.text,
        {.window = options.window, .stride = options.stride, .activations = activations, .kv = KvCacheType::f32});
    ASSERT_TRUE(expected.ok()) << expected.message();
    EXPECT_GT(report.updates, 0);
    EXPECT_EQ(report.score.tokens, expected->tokens);
    EXPECT_EQ(report.score.bytes, expected->bytes);
    EXPECT_NEAR(report.score.bits_per_byte, expected->bits_per_byte, bound);
  }
}

TEST_P(TestTime, ScoresTheFirstChunkWithWhatTheFileHolds) {
  TestTimeOptions options = options_of(GetParam(), sentence(5));
  options.window = 12;
  options.learning_rate = 0.1;
  const TestTimeReport learning = report_of(options);
  options.text.resize(50);  // the first chunk is all there is
  const TestTimeReport alone = report_of(options);
  ASSERT_EQ(alone.chunks.size(), 1u);
  EXPECT_EQ(alone.updates, 0);
  EXPECT_EQ(alone.chunks[0].weights, learning.chunks[0].weights);
  for (size_t t = 0; t < 40; ++t) EXPECT_EQ(alone.losses[t], learning.losses[t]) << "token " << t;
}

TEST_P(TestTime, ChangesTheWeightsBetweenChunksAndNotWithinThem) {
  TestTimeOptions options = options_of(GetParam(), sentence(5));
  options.window = 12;
  options.learning_rate = 0.5;
  const TestTimeReport report = report_of(options);
  ASSERT_GE(report.chunks.size(), 4u);
  EXPECT_EQ(report.checks, std::ssize(report.chunks));
  for (size_t i = 1; i < report.chunks.size(); ++i)
    EXPECT_NE(report.chunks[i].weights, report.chunks[i - 1].weights) << "chunk " << i;
}

TEST_P(TestTime, GivesTokensScoresThatNothingAfterThemChanges) {
  TestTimeOptions options = options_of(GetParam(), sentence(5));
  options.window = 12;
  options.learning_rate = 0.1;
  const TestTimeReport before = report_of(options);
  constexpr size_t kFrom = 150;  // byte of the text, and token
  for (size_t i = kFrom; i < options.text.size(); ++i) options.text[i] = static_cast<char>('A' + i % 7);
  const TestTimeReport after = report_of(options);
  ASSERT_EQ(after.losses.size(), before.losses.size());
  for (size_t t = 0; t < kFrom; ++t) EXPECT_EQ(after.losses[t], before.losses[t]) << "token " << t;
  EXPECT_NE(after.losses.back(), before.losses.back());
}

TEST(TestTimeTraining, LearnsEveryChunkButTheLast) {
  const TestTimeOptions options = options_of(kDense, sentence(5));
  const TestTimeReport report = report_of(options);
  int64_t updates = 0;
  for (size_t i = 0; i + 1 < report.chunks.size(); ++i) {
    const int64_t sequences = (report.chunks[i].score.tokens + 14) / 15;
    EXPECT_EQ(report.chunks[i].updates, options.epochs * ((sequences + 3) / 4)) << "chunk " << i;
    updates += report.chunks[i].updates;
  }
  EXPECT_EQ(report.chunks.back().updates, 0);
  EXPECT_EQ(report.updates, updates);
}

TEST(TestTimeTraining, PredictsATextThatRepeatsItselfBetter) {
  TestTimeOptions options = options_of(kDense, sentence(12));
  options.learning_rate = 0.05;
  options.baseline = true;
  const TestTimeReport report = report_of(options);
  ASSERT_TRUE(report.baseline);
  EXPECT_LT(report.score.bits_per_byte, 0.9 * report.baseline->bits_per_byte);
  EXPECT_LT(report.chunks.back().score.bits_per_byte, report.chunks.front().score.bits_per_byte);
}

TEST(TestTimeTraining, OfTernaryWeightsHelpsToo) {
  TestTimeOptions options = options_of(kTernary, sentence(12));
  options.learning_rate = 0.2;
  options.baseline = true;
  const TestTimeReport report = report_of(options);
  EXPECT_LT(report.score.bits_per_byte, 0.9 * report.baseline->bits_per_byte);
}

TEST(TestTimeTraining, HasABaselineThatIsTheScoreWithoutLearning) {
  TestTimeOptions options = options_of(kDense, sentence(5));
  options.learning_rate = 0.05;
  options.baseline = true;
  const TestTimeReport report = report_of(options);
  options.learning_rate = 0;
  options.baseline = false;
  const TestTimeReport without = report_of(options);
  EXPECT_FALSE(without.baseline);
  EXPECT_EQ(report.baseline->nll, without.score.nll);
}

TEST(TestTimeTraining, HasChunksWhoseScoresAreTheWhole) {
  const TestTimeReport report = report_of(options_of(kTernary, sentence(5)));
  int64_t tokens = 0, bytes = 0, next = 1;
  double nats = 0;
  for (const ScoredChunk& chunk : report.chunks) {
    EXPECT_EQ(chunk.first_token, next);
    next += chunk.score.tokens;
    tokens += chunk.score.tokens;
    bytes += chunk.score.bytes;
    nats += chunk.score.nll * static_cast<double>(chunk.score.tokens);
  }
  EXPECT_EQ(tokens, report.score.tokens);
  EXPECT_EQ(bytes, report.score.bytes);
  EXPECT_NEAR(nats / static_cast<double>(tokens), report.score.nll, 1e-12);
}

TEST(TestTimeTraining, AChunkIsAtLeastAWindowsStride) {
  TestTimeOptions options = options_of(kTernary, sentence(2));
  options.chunk = 1;
  const TestTimeReport report = report_of(options);
  EXPECT_EQ(report.chunk, 5);
  for (size_t i = 1; i + 1 < report.chunks.size(); ++i) EXPECT_EQ(report.chunks[i].score.tokens, 5) << i;
}

TEST(TestTimeTraining, LeavesTheFileAsItIs) {
  const auto bytes_of = [](const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  const TestTimeOptions options = options_of(kTernary, sentence(5));
  const std::string before = bytes_of(options.model);
  report_of(options);
  EXPECT_EQ(bytes_of(options.model), before);
}

TEST(TestTimeTraining, GivesTheSameOnEveryBackend) {
  TestTimeOptions options = options_of(kTernary, sentence(4));
  options.learning_rate = 0.02;
  const double expected = report_of(options).score.bits_per_byte;
  for (const char* backend : {"reference", "vulkan"}) {
    options.backend = backend;
    const Result<TestTimeReport> report = test_time_training(options);
    if (!report.ok() && std::string(backend) == "vulkan") continue;  // none here: said by the tests of operations
    ASSERT_TRUE(report.ok()) << report.message();
    EXPECT_NEAR(report->score.bits_per_byte, expected, 2e-3) << backend;
  }
}

TEST(TestTimeTraining, RefusesWhatItCannotDo) {
  const struct {
    std::function<void(TestTimeOptions&)> change;
    StatusCode code;
    const char* said;
  } cases[] = {
      {[](TestTimeOptions& o) { o.epochs = 0; }, StatusCode::invalid_argument, "epochs is 0"},
      {[](TestTimeOptions& o) { o.chunk = -1; }, StatusCode::invalid_argument, "chunk is -1"},
      {[](TestTimeOptions& o) { o.batch = 0; }, StatusCode::invalid_argument, "batch is 0"},
      {[](TestTimeOptions& o) { o.learning_rate = -1; }, StatusCode::invalid_argument, "learning_rate is -1"},
      {[](TestTimeOptions& o) { o.momentum = 1; }, StatusCode::invalid_argument, "momentum is 1"},
      {[](TestTimeOptions& o) { o.clip = -1; }, StatusCode::invalid_argument, "clip is -1"},
      {[](TestTimeOptions& o) { o.window = 33; }, StatusCode::invalid_argument, "must be 2 to 32"},
      {[](TestTimeOptions& o) { o.stride = 16; }, StatusCode::invalid_argument, "must be 1 to 15"},
      {[](TestTimeOptions& o) { o.text = ""; }, StatusCode::invalid_argument, "at least 2 are needed"},
      {[](TestTimeOptions& o) { o.model = "none.gguf"; }, StatusCode::not_found, "none.gguf"},
      {[](TestTimeOptions& o) { o.activations = Activations::int8_block; }, StatusCode::unsupported, "take int8"},
  };
  for (const auto& c : cases) {
    TestTimeOptions options = options_of(kDense, sentence(2));
    c.change(options);
    const Result<TestTimeReport> report = test_time_training(options);
    EXPECT_EQ(report.code(), c.code) << c.said;
    EXPECT_NE(report.message().find(c.said), std::string::npos) << report.message();
  }
}

TEST(TestTimeTraining, ThatIsCancelledEnds) {
  TestTimeOptions options = options_of(kDense, sentence(5));
  for (const int calls : {0, 1, 5}) {
    int left = calls;
    options.progress = [&](double) { return left-- > 0; };
    EXPECT_EQ(test_time_training(options).code(), StatusCode::cancelled) << calls;
  }
  options.progress = {};
  options.keep_going = [] { return false; };
  EXPECT_EQ(test_time_training(options).code(), StatusCode::cancelled);
}

// Which tensors learn, by name.
std::vector<std::string> learned(const ModelCase& c, LearningPart part) {
  TestTimeOptions options = options_of(c, sentence(2));
  options.learns = part;
  const Result<training::TestTimeSetup> setup = training::prepare_test_time(options);
  EXPECT_TRUE(setup.ok()) << setup.message();
  Allocator counting = Allocator::counting();
  const auto model = training::Transformer::create(counting, setup->run.model, setup->run.recipe);
  EXPECT_TRUE(model.ok()) << model.message();
  std::vector<std::string> names;
  for (const training::BitLinear* p : (*model)->parameters())
    if (p->mode != WeightMode::frozen) names.push_back(p->name);
  return names;
}

TEST(TestTimeTraining, LearnsThePartThatIsAskedFor) {
  const auto all_contain = [](const std::vector<std::string>& names, const char* part) {
    return !names.empty() &&
           std::ranges::all_of(names, [=](const auto& n) { return n.find(part) != std::string::npos; });
  };
  EXPECT_TRUE(all_contain(learned(kTernary, LearningPart::attention), ".attn_"));
  EXPECT_TRUE(all_contain(learned(kTernary, LearningPart::feed_forward), "_exps."));
  EXPECT_TRUE(all_contain(learned(kTernary, LearningPart::norms), "norm"));
  EXPECT_EQ(learned(kDense, LearningPart::all).size(), 3u + 3 * 9);  // embedding, head, last norm; of each layer nine
}

// Full precision stays that, trits stay trits.
TEST(TestTimeTraining, LearnsInThePrecisionOfTheFile) {
  for (const auto& [c, mode] : {std::pair(kDense, WeightMode::full), {kTernary, WeightMode::ternary}}) {
    const Result<training::TestTimeSetup> setup = training::prepare_test_time(options_of(c, sentence(2)));
    ASSERT_TRUE(setup.ok()) << setup.message();
    Allocator counting = Allocator::counting();
    const auto model = training::Transformer::create(counting, setup->run.model, setup->run.recipe);
    ASSERT_TRUE(model.ok()) << model.message();
    for (const training::BitLinear* p : (*model)->parameters())
      if (p->role == TensorRole::attention) {
        EXPECT_EQ(p->mode, mode) << p->name;
      }
  }
}

// ---- memory, and faults -------------------------------------------------------------------------------------------

struct Planned {
  training::TestTimeSetup setup;
  std::unique_ptr<Backend> backend;
  uint64_t bytes(uint64_t available = 0) {
    EXPECT_TRUE(training::fit_test_time(setup, *backend, available).ok());
    return training::plan_memory(setup.as_training, setup.run, *backend)->memory_bytes;
  }
};

Planned planned(const TestTimeOptions& options) {
  Result<training::TestTimeSetup> setup = training::prepare_test_time(options);
  EXPECT_TRUE(setup.ok()) << setup.message();
  return {*std::move(setup), *training_backend_of("cpu", 1)};
}

TEST(TestTimeMemory, IsWhatWasPlannedToTheByte) {
  const TestTimeOptions options = options_of(kTernary, sentence(5));
  Planned p = planned(options);
  const uint64_t expected = p.bytes();
  auto counting = std::make_unique<CountingBackend>(std::move(p.backend));
  const CountingBackend& counted = *counting;
  training::TestTimeRun run(options, std::move(p.setup), std::move(counting));
  const Result<TestTimeReport> report = run.run();
  ASSERT_TRUE(report.ok()) << report.message();
  EXPECT_EQ(counted.bytes, expected);
}

TEST(TestTimeMemory, ThatIsScarceIsMetByFewerWindowsAtOnceAndActivationsThatAreComputedAgain) {
  TestTimeOptions options = options_of(kTernary, sentence(40));
  options.batch = 16, options.chunk = 600;
  Planned p = planned(options);
  const uint64_t all = p.bytes();
  const int64_t sequences = p.setup.sequences();
  ASSERT_GT(sequences, 1);
  EXPECT_LT(planned(options).bytes(all), all);  // tokens and a weight's copy are not in the plan of training
  Planned scarce = planned(options);
  const Status status = training::fit_test_time(scarce.setup, *scarce.backend, 1 << 10);
  EXPECT_EQ(status.code(), StatusCode::out_of_memory);
  EXPECT_NE(status.message().find("test-time training needs about "), std::string::npos) << status.message();
  EXPECT_NE(status.message().find("a smaller window"), std::string::npos) << status.message();
}

// Matrices are other ones each time they are looked at; losses are much smaller.
class DriftingBackend final : public Each<DriftingBackend, ForwardingBackend, AllOps> {
 public:
  using Each::Each;
  Status download(const Tensor& tensor, std::span<std::byte> data) override {
    const Status status = ForwardingBackend::download(tensor, data);
    if (data.size() >= 4096) data.front() = static_cast<std::byte>(++looks_);
    return status;
  }
  template <typename Op>
  Status each(const Op& op) {
    return inner().run(op);
  }

 private:
  int looks_ = 0;
};

TEST(TestTimeFaults, WeightsThatMoveWhileAChunkIsScoredAreAnError) {
  const TestTimeOptions options = options_of(kDense, sentence(5));
  Planned p = planned(options);
  p.bytes();
  training::TestTimeRun run(options, std::move(p.setup), std::make_unique<DriftingBackend>(std::move(p.backend)));
  const Result<TestTimeReport> report = run.run();
  EXPECT_EQ(report.code(), StatusCode::internal);
  EXPECT_NE(report.message().find("weights changed while the text from token 1 was scored"), std::string::npos)
      << report.message();
}

TEST(TestTimeChunks, HoldEveryWindowOnceInOrder) {
  for (int64_t tokens = 2; tokens < 60; tokens += 3)
    for (const auto& [window, stride] : {std::pair<int64_t, int64_t>{2, 1}, {7, 3}, {12, 11}})
      for (int64_t chunk : {1, 2, 5, 20, 100}) {
        SCOPED_TRACE(testing::Message() << tokens << " " << window << " " << stride << " " << chunk);
        const SlidingWindows windows(tokens, {.window = window, .stride = stride});
        int64_t next_window = 0, next_token = 1;
        for (const training::Chunk& c : training::chunks_of(windows, chunk)) {
          EXPECT_EQ(c.first_window, next_window);
          EXPECT_EQ(c.first_token, next_token);
          EXPECT_EQ(c.end_token, windows[c.end_window - 1].end);
          // It ends as soon as a multiple of `chunk` is reached.
          if (c.end_window - c.first_window > 1) {
            EXPECT_EQ(windows[c.end_window - 2].end / chunk, c.first_token / chunk);
          }
          next_window = c.end_window, next_token = c.end_token;
        }
        EXPECT_EQ(next_window, windows.count());
        EXPECT_EQ(next_token, tokens);
      }
}

}  // namespace
}  // namespace tritium
