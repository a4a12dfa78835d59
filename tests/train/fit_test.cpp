// Which settings make a run fit that does not: enough of them, none too many, and those that a run was fitted by stay.
#include "train/fit.h"

#include <gtest/gtest.h>

#include "backends.h"
#include "tests/support/temporary_folder.h"

namespace tritium {
namespace {

using training::Fit;

TrainOptions moe_run() {
  TrainOptions options;
  options.transformer = R"({"architecture": "qwen3moe", "dim": 64, "layers": 3, "heads": 2, "ffn": 128, "experts": 8,
                            "context": 64})";
  for (int i = 0; i < 200; ++i) options.text += "a mill stood by the river, ";
  options.steps = 4;
  options.context = 32;
  options.batch = 8;
  return options;
}

// Such a run where `available` bytes are free.
class RunOf {
 public:
  explicit RunOf(TrainOptions options)
      : options_(std::move(options)),
        setup_(*training::prepare_run(options_)),
        backend_(*make_backend({.backend = "reference"})) {}
  Fit fit(uint64_t available) { return *training::fit_to_memory(options_, setup_, *backend_, available); }
  uint64_t needed() { return fit(0).as_asked.memory_bytes; }
  uint64_t least() { return fit(1).plan.memory_bytes; }
  Status take(uint64_t available, bool wanted) {
    options_.fit = wanted;
    return training::take_fit(fit(available), options_, setup_);
  }
  const TrainOptions& options() const { return options_; }
  const training::Setup& setup() const { return setup_; }

 private:
  TrainOptions options_;
  training::Setup setup_;
  std::unique_ptr<Backend> backend_;
};

TrainOptions with(TrainOptions options, const std::vector<TrainSetting>& settings) {
  for (const TrainSetting& s : settings) EXPECT_TRUE(set_train_option(options, s.key, {s.value}).ok()) << s.key;
  return options;
}

TEST(Fit, WhatFitsIsLeftAsItIs) {
  RunOf run(moe_run());
  for (const uint64_t available : {uint64_t{0}, run.needed()}) {
    const Fit fit = run.fit(available);
    EXPECT_TRUE(fit.fits);
    EXPECT_TRUE(fit.settings.empty());
    EXPECT_EQ(train_options_to_json(fit.options), train_options_to_json(moe_run()));
  }
}

TEST(Fit, ItsSettingsAreEnoughAndEachIsNeeded) {
  RunOf run(moe_run());
  const uint64_t most = run.needed(), least = run.least();
  ASSERT_LT(least, most / 2);
  std::set<std::string> used;
  for (int part = 0; part <= 20; ++part) {
    const uint64_t available = least + (most - 1 - least) * part / 20;
    SCOPED_TRACE(available);
    const Fit fit = run.fit(available);
    ASSERT_TRUE(fit.fits);
    ASSERT_FALSE(fit.settings.empty());
    EXPECT_LE(fit.plan.memory_bytes, available);
    // What is given by hand is what was found.
    const TrainOptions by_hand = with(moe_run(), fit.settings);
    EXPECT_EQ(RunOf(by_hand).needed(), fit.plan.memory_bytes);
    for (const TrainSetting& s : fit.settings) used.insert(s.key);
    const bool by_layer = fit.options.update_by_layer;  // which goes with two others
    for (size_t i = 0; !by_layer && i < fit.settings.size(); ++i) {
      std::vector<TrainSetting> others = fit.settings;
      others.erase(others.begin() + static_cast<std::ptrdiff_t>(i));
      EXPECT_GT(RunOf(with(moe_run(), others)).needed(), available) << fit.settings[i].key << " is not needed";
    }
  }
  EXPECT_TRUE(used.contains("checkpoint_activations") || used.contains("micro_batch"));
  EXPECT_TRUE(used.contains("states_8bit"));
}

TEST(Fit, ARunOfManyWeightsNeedsAThirdOfTheirMemory) {
  TrainOptions options = moe_run();
  options.transformer = R"({"architecture": "qwen3moe", "dim": 128, "layers": 4, "heads": 2, "ffn": 256, "experts": 16,
                            "context": 64})";
  options.batch = 2;
  RunOf run(options);
  const Fit fit = run.fit(run.least());
  EXPECT_GT(fit.as_asked.bytes_per_weight, 16.0);
  EXPECT_LT(fit.plan.bytes_per_weight, 6.0);
}

TEST(Fit, WhatWouldFitIsSaidWithNumbersAndTakenWhereItIsWanted) {
  RunOf run(moe_run());
  const uint64_t available = run.needed() - 1;
  const Status status = run.take(available, false);
  EXPECT_EQ(status.code(), StatusCode::out_of_memory);
  const std::string settings = run.fit(available).settings.at(0).key;
  for (const std::string& part : {std::string("training needs about "), std::string(" MiB are free; with "), settings,
                                  std::string("fit (--fit), which takes them")})
    EXPECT_NE(status.message().find(part), std::string::npos) << part << " is missing: " << status.message();
  EXPECT_EQ(train_options_to_json(run.options()), train_options_to_json(moe_run()));

  ASSERT_TRUE(run.take(run.least(), true).ok());
  EXPECT_EQ(run.options().shadow, ShadowPrecision::bf16);
  EXPECT_EQ(run.setup().recipe.shadow, ShadowPrecision::bf16);
  EXPECT_TRUE(run.options().states_8bit);
}

TEST(Fit, ShadowsOfOneByteAreKeptByWhoAskedForThemAndTakenByNoOther) {
  RunOf run(moe_run());
  EXPECT_EQ(run.fit(1).options.shadow, ShadowPrecision::bf16);
  TrainOptions options = moe_run();
  options.shadow = ShadowPrecision::int8;
  RunOf coded(options);
  EXPECT_EQ(coded.fit(1).options.shadow, ShadowPrecision::int8);
  EXPECT_LT(coded.least(), run.least());
}

TEST(Fit, WhereNothingFitsTheLeastIsSaid) {
  RunOf run(moe_run());
  for (const bool wanted : {false, true}) {
    const Status status = run.take(1, wanted);
    EXPECT_EQ(status.code(), StatusCode::out_of_memory);
    EXPECT_NE(status.message().find("even with "), std::string::npos) << status.message();
    EXPECT_NE(status.message().find("a shorter context, a smaller batch"), std::string::npos) << status.message();
  }
}

TEST(Fit, APlanNamesWhatWouldFit) {
  RunOf run(moe_run());
  const Fit fit = run.fit(run.needed() - 1);
  const TrainPlan asked = training::plan_of(fit, false), taken = training::plan_of(fit, true);
  EXPECT_EQ(asked.memory_bytes, run.needed());
  EXPECT_EQ(taken.memory_bytes, fit.plan.memory_bytes);
  for (const TrainPlan& plan : {asked, taken}) {
    EXPECT_EQ(plan.fitting.size(), fit.settings.size());
    EXPECT_EQ(plan.fitting_bytes, fit.plan.memory_bytes);
  }
}

TEST(Fit, ARunThatGoesOnKeepsWhatItsCheckpointHolds) {
  TrainOptions options = moe_run();
  options.resume = "some.ckpt";
  RunOf run(options);
  const Fit fit = run.fit(1);
  EXPECT_EQ(fit.options.shadow, ShadowPrecision::fp32);
  EXPECT_FALSE(fit.options.states_8bit);
  EXPECT_TRUE(fit.options.checkpoint_activations);
}

TEST(Fit, AResumedRunIsFittedAsItWasBefore) {
  const TemporaryFolder folder;
  TrainOptions options = moe_run();
  options.folder = folder.file("run");
  options.fit = true;
  options.shadow = ShadowPrecision::bf16;  // as an earlier fit would have left it
  options.states_8bit = true;
  ASSERT_TRUE(train(options).ok());
  TrainOptions again = moe_run();
  again.folder = options.folder;
  again.fit = true;
  again.steps = 6;
  again.resume = "auto";
  const TrainOptions fitted = training::with_fit_of_run(again);
  EXPECT_EQ(fitted.shadow, ShadowPrecision::bf16);
  EXPECT_TRUE(fitted.states_8bit);
  EXPECT_EQ(fitted.steps, 6);
  const Result<TrainReport> report = train(again);
  ASSERT_TRUE(report.ok()) << report.message();
  EXPECT_EQ(report->step, 6);
}

}  // namespace
}  // namespace tritium
