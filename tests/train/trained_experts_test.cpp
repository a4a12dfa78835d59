// Some experts of each layer train, the others keep their trits: which, what stays, what is written.
#include <algorithm>
#include <fstream>
#include <iterator>
#include <numeric>
#include <random>

#include "format/gguf.h"
#include "tests/support/temporary_folder.h"
#include "tests/train/training_model.h"
#include "train/export.h"
#include "train/trained_experts.h"
#include "tritium/training.hpp"

namespace tritium {
namespace {

using training::BitLinear;
using training::ExpertChoice;
using training::ExpertOrder;

TEST(ExpertChoice, IsReadAsItIsWritten) {
  const auto choice = [](const char* text) { return *training::expert_choice_of(text); };
  EXPECT_EQ(choice("all").n, 0);
  EXPECT_EQ(choice("most-used:8").kind, ExpertChoice::Kind::most_used);
  EXPECT_EQ(choice("most-used:8").n, 8);
  EXPECT_EQ(choice("rotate:2").kind, ExpertChoice::Kind::rotate);
  for (const char* wrong : {"", "most-used", "most-used:", "most-used:0", "rotate:-1", "rotate:2x", "some:3", "all:2"})
    EXPECT_EQ(training::expert_choice_of(wrong).code(), StatusCode::invalid_argument) << wrong;
}

TEST(ExpertChoice, TheMostUsedComeFirstAndOfEqualOnesTheLower) {
  EXPECT_EQ(training::by_use(std::vector{1.0, 5.0, 0.0, 5.0}), (std::vector<int32_t>{1, 3, 0, 2}));
}

TEST(ExpertChoice, RotationTakesEachExpertInTurn) {
  for (const auto& [experts, n] : {std::pair{8, 2}, {7, 3}, {4, 3}, {5, 1}}) {
    std::vector<int> taken(static_cast<size_t>(experts));
    for (int64_t phase = 0; phase < experts; ++phase) {
      const std::vector<int32_t> order = training::rotated(experts, n, phase);
      std::vector<int32_t> sorted = order, all(static_cast<size_t>(experts));
      std::iota(all.begin(), all.end(), 0);
      std::ranges::sort(sorted);
      EXPECT_EQ(sorted, all);
      for (int i = 0; i < n; ++i) ++taken[static_cast<size_t>(order[static_cast<size_t>(i)])];
    }
    EXPECT_EQ(std::ranges::count(taken, n), experts) << experts << " " << n;
  }
}

TEST(ExpertOrder, NamesEachExpertOfEachLayerOnce) {
  EXPECT_TRUE(training::is_expert_order({{1, 0, 2}, {0, 1, 2}}, 2, 3));
  EXPECT_TRUE(training::is_expert_order({}, 0, 3));
  for (const ExpertOrder& wrong : {ExpertOrder{{0, 1, 2}},
                                   {{0, 1, 1}, {0, 1, 2}},
                                   {{0, 1, 3}, {0, 1, 2}},
                                   {{0, 1}, {0, 1, 2}},
                                   {{-1, 0, 1}, {0, 1, 2}}})
    EXPECT_FALSE(training::is_expert_order(wrong, 2, 3));
}

constexpr int64_t kExperts = 4, kTrained = 2;
constexpr const char* kBalancedMoe =
    R"({"architecture": "tritium-lab", "dim": 32, "layers": 2, "heads": 4, "ffn": 16, "experts": 4, "top_k": 2,
        "context": 16, "shared_ffn": 8, "router_bias": true, "tied_head": false})";

training::Recipe some_train() { return {.trained_experts = kTrained}; }

class TrainedExperts : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    backend = training_backend(GetParam());
    if (!backend) GTEST_SKIP() << GetParam() << " cannot run here";
  }
  std::unique_ptr<TensorMap> write_base(const char* description) {
    TrainingModel m(training_backend("reference"), description, {});
    const Result<MemoryTensorMap> map = training::make_transformer(description, kVocabulary, 3);
    EXPECT_TRUE(map.ok());
    const Result<training::Exported> written =
        training::export_model({folder.file("base.gguf")}, m.ops, m.workspace, *m.model, map->metadata(),
                               ExportType::i2_s, std::span(m.inputs).first(6));
    EXPECT_TRUE(written.ok()) << written.message();
    Result<std::unique_ptr<TensorMap>> file = open_gguf(folder.file("base.gguf"), {});
    EXPECT_TRUE(file.ok()) << file.message();
    return *std::move(file);
  }
  // Of each expert of a stack, in the file's order.
  static std::vector<std::vector<float>> experts_of(TrainingModel& m, const std::string& name) {
    const BitLinear& stack = m.parameter(name);
    const Result<std::vector<float>> values = stack.values(*m.backend);
    EXPECT_TRUE(values.ok()) << values.message();
    std::vector<std::vector<float>> experts(kExperts);
    const int64_t size = stack.rows * stack.cols;
    for (int64_t place = 0; place < kExperts; ++place) {
      const auto expert = m.model->experts().empty()
                              ? static_cast<size_t>(place)
                              : static_cast<size_t>(m.model->experts()[0][static_cast<size_t>(place)]);
      experts[expert].assign(values->begin() + place * size, values->begin() + (place + 1) * size);
    }
    return experts;
  }
  std::unique_ptr<Backend> backend;
  TemporaryFolder folder;
};
INSTANTIATE_TEST_SUITE_P(Backends, TrainedExperts, ::testing::Values("reference", "cpu", "vulkan"),
                         [](const auto& info) { return std::string(info.param); });

TEST_P(TrainedExperts, AnyOrderComputesTheSame) {
  for (const char* description : {kTinyMoe, kBalancedMoe}) {
    const std::unique_ptr<TensorMap> base = write_base(description);
    TrainingModel plain(training_backend(GetParam()), *base, {}), m(training_backend(GetParam()), *base, some_train());
    const double before = plain.loss(false);
    EXPECT_EQ(m.loss(false), before);
    std::mt19937 random(7);
    for (int i = 0; i < 3; ++i) {
      ExpertOrder order = m.model->experts();
      for (auto& layer : order) std::ranges::shuffle(layer, random);
      const Status done = m.model->order_experts(*m.backend, order);
      ASSERT_TRUE(done.ok()) << done.message();
      m.optimizer->start(m.workspace, 1.0f);
      EXPECT_EQ(m.model->experts(), order);
      EXPECT_NEAR(m.loss(false), before, 1e-6 * before);
    }
    ASSERT_TRUE(m.model->restore_experts(*m.backend).ok());
    EXPECT_EQ(m.loss(false), before);
  }
}

TEST_P(TrainedExperts, TheOthersKeepEveryTritAndOnlyTheFirstHaveShadows) {
  const std::unique_ptr<TensorMap> base = write_base(kTinyMoe);
  TrainingModel m(std::move(backend), *base, some_train());
  const ExpertOrder order = {{2, 0, 3, 1}, {2, 0, 3, 1}};
  ASSERT_TRUE(m.model->order_experts(*m.backend, order).ok());
  m.optimizer->start(m.workspace, 1.0f);
  const char* name = "blk.0.ffn_up_exps.weight";
  EXPECT_EQ(m.parameter(name).shadow.n_matrices, kTrained);
  EXPECT_EQ(m.parameter(name).gradient.shape[0], kTrained);
  const auto before = experts_of(m, name);
  const double loss = m.loss(false);
  for (int64_t step = 1; step <= 20; ++step) m.step(step, 0.03f);
  EXPECT_LT(m.loss(false), loss);
  const auto after = experts_of(m, name);
  EXPECT_EQ(after[1], before[1]);
  EXPECT_EQ(after[3], before[3]);
  EXPECT_TRUE(after[2] != before[2] || after[0] != before[0]);
}

// ---- whole runs

TrainOptions run_of(const TemporaryFolder& folder, const std::string& experts) {
  TrainOptions o;
  for (int i = 0; i < 100; ++i) o.text += "a mill stood by the river, ";
  o.backend = "cpu";
  o.threads = 1;
  o.context = 32;
  o.batch = 4;
  o.learning_rate = 0.02;
  o.experts_train = experts;
  o.model = folder.file("base.gguf");
  o.output = folder.file("tuned.gguf");
  o.eval_every = 4;
  o.steps = 8;
  return o;
}

void write_ternary_mixture(const TemporaryFolder& folder) {
  TrainOptions o = run_of(folder, "all");
  o.model = "";
  o.transformer =
      R"({"architecture": "qwen3moe", "dim": 128, "layers": 2, "heads": 4, "ffn": 128, "experts": 4, "top_k": 2, "context": 64})";
  o.output = folder.file("base.gguf");
  o.steps = 3;
  o.export_type = ExportType::q2_0;
  o.scale_sync = ScaleSync::per_group;
  const Result<TrainReport> made = train(o);
  ASSERT_TRUE(made.ok()) << made.message();
}

// For each layer how many experts have another value than before, in one of their matrices.
std::vector<int> experts_that_changed(const TemporaryFolder& folder) {
  const auto read = [&](const char* file) { return *open_gguf(folder.file(file), {}); };
  const std::unique_ptr<TensorMap> before = read("base.gguf"), after = read("tuned.gguf");
  std::vector<int> changed;
  for (const std::string layer : {"blk.0.", "blk.1."}) {
    std::vector<bool> differs(kExperts);
    for (const char* part : {"ffn_gate_exps.weight", "ffn_up_exps.weight", "ffn_down_exps.weight"}) {
      const std::vector<float> a = *before->load_f32(layer + part), b = *after->load_f32(layer + part);
      EXPECT_EQ(a.size(), b.size());
      const size_t size = a.size() / kExperts;
      for (size_t i = 0; i < a.size(); ++i)
        if (a[i] != b[i]) differs[i / size] = true;
    }
    changed.push_back(static_cast<int>(std::ranges::count(differs, true)));
  }
  return changed;
}

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(TrainedExpertsOfARun, AreAsManyAsWasAskedAndTheFileIsWhatWasScored) {
  const TemporaryFolder folder;
  ASSERT_NO_FATAL_FAILURE(write_ternary_mixture(folder));
  const Result<TrainReport> report = train(run_of(folder, "most-used:2"));
  ASSERT_TRUE(report.ok()) << report.message();
  EXPECT_LT(report->valid_loss, report->first_valid_loss);
  EXPECT_EQ(report->export_difference, 0);
  for (const int n : experts_that_changed(folder)) EXPECT_EQ(n, 2);
  TrainOptions again = run_of(folder, "all");
  again.model = folder.file("tuned.gguf");
  again.output = "";
  again.steps = 1;
  const Result<TrainReport> read = train(again);
  ASSERT_TRUE(read.ok()) << read.message();
  EXPECT_NEAR(read->first_valid_loss, report->valid_loss, 1e-6);
}

TEST(TrainedExpertsOfARun, RotatingReachesAllOfThem) {
  const TemporaryFolder folder;
  ASSERT_NO_FATAL_FAILURE(write_ternary_mixture(folder));
  TrainOptions o = run_of(folder, "rotate:1");
  o.rotate_every = 2;
  const Result<TrainReport> report = train(o);
  ASSERT_TRUE(report.ok()) << report.message();
  EXPECT_EQ(report->export_difference, 0);
  for (const int n : experts_that_changed(folder)) EXPECT_EQ(n, 4);
}

TEST(TrainedExpertsOfARun, ARunThatWasGoneOnWithEndsWithTheSameBytes) {
  for (const auto& [experts, shadow] : {std::pair{"most-used:2", ShadowPrecision::fp32},
                                        {"rotate:1", ShadowPrecision::fp32},
                                        {"rotate:1", ShadowPrecision::int8}}) {
    const TemporaryFolder folder;
    ASSERT_NO_FATAL_FAILURE(write_ternary_mixture(folder));
    TrainOptions o = run_of(folder, experts);
    o.shadow = shadow;
    o.rotate_every = 3;
    o.folder = folder.file("whole");
    const Result<TrainReport> whole = train(o);
    ASSERT_TRUE(whole.ok()) << whole.message();
    const std::string expected = bytes_of(o.output);
    o.folder = folder.file("parts");
    o.resume = "auto";
    for (const int stop : {4, 6, 100}) {
      int64_t step = 0;
      const Result<TrainReport> part =
          train(o, {.progress = [&](const TrainProgress& p) { return (step = p.step) < stop; }});
      ASSERT_TRUE(part.ok()) << part.message();
    }
    EXPECT_TRUE(bytes_of(o.output) == expected) << experts;
  }
}

TEST(TrainedExpertsOfARun, TakeLessMemoryTheFewerTheyAre) {
  const TemporaryFolder folder;
  ASSERT_NO_FATAL_FAILURE(write_ternary_mixture(folder));
  uint64_t before = UINT64_MAX;
  for (const char* experts : {"all", "most-used:3", "most-used:1"}) {
    const Result<TrainPlan> plan = plan_training(run_of(folder, experts));
    ASSERT_TRUE(plan.ok()) << plan.message();
    EXPECT_LT(plan->memory_bytes, before) << experts;
    before = plan->memory_bytes;
  }
}

TEST(TrainedExpertsOfARun, WhatCannotKeepTheOthersIsRefused) {
  const TemporaryFolder folder;
  ASSERT_NO_FATAL_FAILURE(write_ternary_mixture(folder));
  const auto refused = [&](const std::function<void(TrainOptions&)>& change) {
    TrainOptions o = run_of(folder, "most-used:2");
    change(o);
    const Result<TrainReport> report = train(o);
    EXPECT_EQ(report.code(), StatusCode::invalid_argument);
    return report.message();
  };
  for (const auto& change : std::vector<std::function<void(TrainOptions&)>>{
           [](TrainOptions& o) { o.feed_forward = WeightMode::lora; },
           [](TrainOptions& o) { o.feed_forward = WeightMode::frozen; },
           [](TrainOptions& o) { o.feed_forward = WeightMode::full; },
           [](TrainOptions& o) { o.scale_sync = ScaleSync::per_block; }, [](TrainOptions& o) { o.warm_start = 0.5; },
           [](TrainOptions& o) { o.experts_train = "half"; },
           [](TrainOptions& o) { o.experts_train = "rotate:2", o.average = Average::ema; }}) {
    const std::string said = refused(change);
    EXPECT_NE(said.find("experts_train"), std::string::npos) << said;
  }
  const std::string dense = refused([](TrainOptions& o) {
    o.model = "";
    o.transformer = R"({"architecture": "llama", "dim": 128, "layers": 2, "heads": 2, "ffn": 256, "context": 64})";
  });
  EXPECT_NE(dense.find("no experts"), std::string::npos) << dense;
}

}  // namespace
}  // namespace tritium
