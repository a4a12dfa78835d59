// Which fusions run: by what was asked for, by times that a made-up clock tells, and by those that were kept.
#include <gtest/gtest.h>

#include <fstream>
#include <limits>
#include <map>

#include "ops/allocator.h"
#include "ops/ops.h"
#include "tests/vulkan/test_gpu.h"
#include "vulkan/fusion/fusion_chooser.h"

namespace tritium::vulkan {
namespace {

namespace fs = std::filesystem;

constexpr CacheKey kKey = {.device_uuid = {1, 2, 3}, .driver_version = 9, .kernels = 77};
constexpr FusionTimes kPays = {.fused = 1e-5, .simple = 2e-5}, kLoses = {.fused = 2e-5, .simple = 1e-5};

Tensor placed(const Shape& shape) { return {std::make_shared<Buffer>(), shape, DType::f32}; }

// Two layers of a product of codes, and of an activation with a product behind it: norm_qkv and expert_down. Without
// expert_down its product could still be a norm_qkv, of other columns.
Program two_layers() {
  Allocator weights = Allocator::counting();
  Program program;
  Ops ops(program);
  const auto product = [&](const Tensor& x, int64_t rows) {
    const Weight weight = weights.weight(TernaryMatrix(1, rows, x.shape[1], ScaleGranularity::row), "w");
    const Tensor q = ops.temporary({1, weight.row_stride}, DType::i8), scales = ops.temporary({1, 1});
    const Tensor y = placed({1, rows});
    ops(QuantizeActivations{.x = x, .q = q, .scales = scales});
    ops(TernaryMatmul{.q = q, .scales = scales, .weight = weight, .expert_ids = {}, .y = y});
  };
  for (int layer = 0; layer < 2; ++layer) {
    product(placed({1, 64}), 32);
    const Tensor hidden = ops.temporary({1, 96});
    ops(GatedActivation{.gate = placed({1, 96}), .up = placed({1, 96}), .y = hidden});
    product(hidden, 64);
  }
  EXPECT_TRUE(ops.finish().ok());
  return program;
}

std::vector<std::string> names_of(const Program& program) {
  std::vector<std::string> names;
  for (const Program::Step& step : program.steps())
    names.emplace_back(std::visit([](const auto& op) { return op.kName; }, step.op));
  return names;
}

std::vector<std::string> twice(std::vector<std::string> layer) {
  const size_t n = layer.size();
  for (size_t i = 0; i < n; ++i) layer.push_back(layer[i]);
  return layer;
}

class FusionChoiceTest : public testing::Test {
 protected:
  // What a start of the program does: `times` by the name of an operation, the rest is never at an end in time.
  struct Start {
    FusionSetting setting = {};
    std::map<std::string_view, FusionTimes> times = {};
    double seconds = 0.15;
    double takes = 0.01;  // to measure one
    Status problem = {};
    CacheKey key = kKey;
    fs::path file = {};
  };

  std::vector<std::string> start(const Start& start, Program program = two_layers()) {
    FusionChooserOptions options = {.setting = start.setting,
                                    .seconds = start.seconds,
                                    .settle = [] { return Status(); },
                                    .now = [this] { return now_; },
                                    .file = start.file.empty() ? file() : start.file,
                                    .key = start.key};
    options.time = [&](std::span<const Fusion> alike, double) -> Result<std::optional<FusionTimes>> {
      timed_.emplace_back(alike.front().name);
      alike_.push_back(alike.size());
      now_ += start.takes;
      if (!start.problem.ok()) return start.problem;
      const auto found = start.times.find(alike.front().name);
      return found == start.times.end() ? std::optional<FusionTimes>() : std::optional(found->second);
    };
    FusionChooser chooser(std::move(options));
    chooser.rewrite(program, {});
    choices_ = chooser.choices();
    return names_of(program);
  }

  fs::path file() const { return cache_file(folder_.path(), kFusionCache, kKey); }
  std::vector<std::string> timed() { return std::exchange(timed_, {}); }
  // Of the class of an operation that was met first.
  FusionChoice choice(std::string_view name) const {
    const auto found = std::ranges::find(choices_, name, &FusionChoice::operation);
    return found == choices_.end() ? FusionChoice() : *found;
  }

  std::vector<size_t> alike_;
  std::vector<FusionChoice> choices_;

 private:
  TemporaryFolder folder_;
  double now_ = 100;
  std::vector<std::string> timed_;
};

using Names = std::vector<std::string>;

TEST_F(FusionChoiceTest, WhatPaysIsFused) {
  const Names names = start({.times = {{"norm_qkv", kPays}, {"expert_down", kPays}}});
  EXPECT_EQ(names, twice({"norm_qkv", "expert_down"}));
  EXPECT_EQ(timed(), Names({"norm_qkv", "expert_down"}));
  EXPECT_EQ(alike_, std::vector<size_t>({2, 2}));  // of both layers
  EXPECT_EQ(choice("norm_qkv").reason, "measured");
  EXPECT_EQ(choice("norm_qkv").fused_seconds, kPays.fused);
  EXPECT_EQ(choice("norm_qkv").simple_seconds, kPays.simple);
}

TEST_F(FusionChoiceTest, WhatLosesRunsOneByOne) {
  const Names names = start({.times = {{"norm_qkv", kLoses}, {"expert_down", kPays}}});
  EXPECT_EQ(names, twice({"quantize_activations", "ternary_matmul", "expert_down"}));
  EXPECT_FALSE(choice("norm_qkv").fused);
}

TEST_F(FusionChoiceTest, WhatBecomesPossibleWithoutAFusionIsTimedToo) {
  const Names names = start({.times = {{"norm_qkv", kPays}, {"expert_down", kLoses}}});
  EXPECT_EQ(names, twice({"norm_qkv", "gated_activation", "norm_qkv"}));
  EXPECT_EQ(timed(), Names({"norm_qkv", "expert_down", "norm_qkv"}));
}

TEST_F(FusionChoiceTest, ATwinThatIsHardlyFasterIsNotTaken) {
  EXPECT_TRUE((FusionTimes{.fused = 100e-6, .simple = 98e-6}).fused_pays());
  EXPECT_FALSE((FusionTimes{.fused = 100e-6, .simple = 96e-6}).fused_pays());
}

TEST_F(FusionChoiceTest, NothingIsTimedInASecondStart) {
  const Start first = {.times = {{"norm_qkv", kPays}, {"expert_down", kLoses}}};
  const Names names = start(first);
  timed();
  EXPECT_EQ(start({}), names);
  EXPECT_EQ(timed(), Names());
  EXPECT_EQ(choice("norm_qkv").reason, "kept");
  EXPECT_EQ(choice("expert_down").simple_seconds, kLoses.simple);
}

TEST_F(FusionChoiceTest, TimesOfOtherKernelsOrAnotherDriverDoNotCount) {
  const Start first = {.times = {{"norm_qkv", kPays}, {"expert_down", kPays}}};
  for (auto change : {+[](CacheKey& key) { ++key.kernels; }, +[](CacheKey& key) { ++key.driver_version; },
                      +[](CacheKey& key) { ++key.device_uuid[0]; }}) {
    start(first);
    timed();
    Start other = first;
    change(other.key);
    start(other);
    EXPECT_EQ(timed(), Names({"norm_qkv", "expert_down"}));
  }
}

TEST_F(FusionChoiceTest, ADamagedFileIsReplaced) {
  const Start measuring = {.times = {{"norm_qkv", kPays}, {"expert_down", kPays}}};
  start(measuring);
  std::fstream(file(), std::ios::in | std::ios::out | std::ios::binary).seekp(80).put('#');
  timed();
  start(measuring);
  EXPECT_EQ(timed(), Names({"norm_qkv", "expert_down"}));
  start(measuring);
  EXPECT_EQ(timed(), Names());
}

TEST_F(FusionChoiceTest, AFileOfAnotherTextIsNone) {
  const std::string text = "no times\n";
  ASSERT_TRUE(write_cache(file(), kFusionCache, kKey, std::as_bytes(std::span(text))).ok());
  start({.times = {{"norm_qkv", kPays}, {"expert_down", kPays}}});
  EXPECT_EQ(timed().size(), 2u);
}

TEST_F(FusionChoiceTest, WhatNoTimeIsLeftForIsFusedAndTimedInTheNextStart) {
  const Start slow = {.times = {{"norm_qkv", kLoses}, {"expert_down", kLoses}}, .takes = 0.2};
  EXPECT_EQ(start(slow), twice({"quantize_activations", "ternary_matmul", "expert_down"}));
  EXPECT_EQ(timed(), Names({"norm_qkv"}));
  EXPECT_EQ(choice("expert_down").reason, "not measured");
  start(slow);
  EXPECT_EQ(timed(), Names({"expert_down"}));
}

TEST_F(FusionChoiceTest, WhatIsNeverAtAnEndInTimeIsTriedThreeTimes) {
  const Start hopeless = {.times = {{"norm_qkv", kPays}}};
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(start(hopeless), twice({"norm_qkv", "expert_down"}));
    EXPECT_EQ(timed().back(), "expert_down");
  }
  start(hopeless);
  EXPECT_EQ(timed(), Names());
  EXPECT_EQ(choice("expert_down").reason, "not measured");
}

// Memory that is not there, or somebody who no longer wants to wait.
TEST_F(FusionChoiceTest, WhatFailsIsFusedAndTriedInEveryStart) {
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(start({.problem = Status(StatusCode::out_of_memory, "no memory")}), twice({"norm_qkv", "expert_down"}));
    EXPECT_EQ(timed().size(), 2u);
  }
}

TEST_F(FusionChoiceTest, TimesOfOtherModelsStayInTheFile) {
  const TimesOfClasses others = {{"norm_qkv of another model", kPays}};
  const std::string text = text_of(others);
  ASSERT_TRUE(write_cache(file(), kFusionCache, kKey, std::as_bytes(std::span(text))).ok());
  start({.times = {{"norm_qkv", kPays}, {"expert_down", kPays}}});
  const auto content = read_cache(file(), kFusionCache, kKey);
  ASSERT_TRUE(content);
  const auto times = parse_times({reinterpret_cast<const char*>(content->data()), content->size()});
  ASSERT_TRUE(times);
  EXPECT_EQ(times->size(), 3u);
  EXPECT_EQ(times->at("norm_qkv of another model"), kPays);
}

TEST_F(FusionChoiceTest, AFolderThatCannotBeMadeIsNoError) {
  std::ofstream(file().parent_path() / "a file") << "x";
  const Start nowhere = {.times = {{"norm_qkv", kLoses}, {"expert_down", kPays}},
                         .file = file().parent_path() / "a file" / "fusions.bin"};
  EXPECT_EQ(start(nowhere), twice({"quantize_activations", "ternary_matmul", "expert_down"}));
}

TEST_F(FusionChoiceTest, WhatIsAskedForIsNotTimed) {
  const std::map<std::string, Names> asked = {
      {"1", {"norm_qkv", "expert_down"}},
      {"0", {"quantize_activations", "ternary_matmul", "gated_activation", "quantize_activations", "ternary_matmul"}},
      {"expert_down", {"quantize_activations", "ternary_matmul", "expert_down"}},
      {"norm_router,norm_qkv", {"norm_qkv", "gated_activation", "norm_qkv"}}};
  for (const auto& [text, layer] : asked) {
    EXPECT_EQ(start({.setting = *parse_fusion_setting(text)}), twice(layer)) << text;
    EXPECT_EQ(choice("norm_qkv").reason, "asked for");
  }
  EXPECT_EQ(timed(), Names());
  EXPECT_FALSE(fs::exists(file()));
}

TEST_F(FusionChoiceTest, TheNormsOfAPromptAreFusedUntimed) {
  Program prompt;
  Ops ops(prompt);
  const Tensor y = ops.temporary({3, 64});
  ops(RmsNorm{.x = placed({3, 64}), .weight = placed({64}), .y = y});
  ops(QuantizeActivations{.x = y, .q = {std::make_shared<Buffer>(), {3, 256}, DType::i8}, .scales = placed({3, 1})});
  ASSERT_TRUE(ops.finish().ok());
  EXPECT_EQ(start({}, prompt), Names({"norm_rows"}));
  EXPECT_EQ(timed(), Names());
  EXPECT_TRUE(choices_.empty());
  EXPECT_EQ(start({.setting = *parse_fusion_setting("norm_qkv")}, prompt), Names({"rms_norm", "quantize_activations"}));
}

TEST(FusionSetting, AnUnknownNameIsAnErrorThatListsThem) {
  for (const char* text : {"norm_qk", "norm_qkv,", ",", "2", "norm_qkv,expert_up", "norm_qkv, expert_down"}) {
    const auto setting = parse_fusion_setting(text);
    ASSERT_FALSE(setting.ok()) << text;
    EXPECT_EQ(setting.status().code(), StatusCode::invalid_argument);
    for (const std::string_view name : fusion_names())
      EXPECT_NE(setting.message().find(name), std::string::npos) << setting.message();
  }
}

TEST(FusionNames, AreThoseOfTheFusedOperations) {
  for (const char* name :
       {"norm_qkv", "norm_rows", "norm_router", "expert_gate_up", "expert_down", "attention_step", "merge_output"})
    EXPECT_NE(std::ranges::find(fusion_names(), name), fusion_names().end()) << name;
  EXPECT_EQ(std::ranges::find(fusion_names(), "merge_splits"), fusion_names().end());
}

Fusion attention(int64_t capacity, int64_t splits, int64_t window) {
  AttentionStep op;
  op.q = placed({1, 4, 32}), op.k = placed({1, 2, 32}), op.v = placed({1, 2, 32});
  op.cos_sin = placed({capacity, 16, 2});
  op.rows = {std::make_shared<Buffer>(), {1, 2}, DType::i32};
  op.k_cache = op.v_cache = {std::make_shared<Buffer>(), {capacity, 2, 32}, DType::f16};
  op.parts = placed({4, splits, 34});
  op.window = window;
  Fusion fusion;
  fusion.name = op.kName;
  fusion.fused.emplace_back(op);
  return fusion;
}

TEST(FusionClass, IsWhatAKernelSeesOfItsTensors) {
  const std::string name = class_of(attention(4096, 32, 0));
  EXPECT_EQ(name,
            "attention_step f32[1,4,32] f32[1,2,32] f32[1,2,32] - - f32[16,2] i32[1,2] f16[2,32] f16[2,32] - - "
            "f32[4,32,34]");
  EXPECT_EQ(class_of(attention(8192, 32, 0)), name);
  EXPECT_NE(class_of(attention(2048, 16, 0)), name);
  EXPECT_EQ(class_of(attention(4096, 32, 128)), name + " window 128");
}

TEST(FusionTimes, RoundTrip) {
  const TimesOfClasses times = {{"norm_qkv f32[1,2048] -", {.fused = 1.234567890123e-5, .simple = 3e-300}},
                                {"expert_down f32[8,512] window 3", {.tries = 2}}};
  EXPECT_EQ(parse_times(text_of(times)), times);
  EXPECT_EQ(parse_times(""), TimesOfClasses());
}

TEST(FusionTimes, OtherTextsAreNone) {
  for (const char* text : {"\n", "1e-5 2e-5 0 x", "1e-5 2e-5 0 \n", "1e-5 2e-5\n", "1e-5 2e-5 x y\n", "-1 2 0 x\n",
                           "1 nan 0 x\n", "inf 1 0 x\n", "1 2 -1 x\n", "1 2 0.5 x\n", "1e-5 2e-5 0 x\n\n"})
    EXPECT_FALSE(parse_times(text)) << text;
}

}  // namespace
}  // namespace tritium::vulkan
