// What a preset becomes at a scale.
#include "experiment/golf_shape.h"

#include <gtest/gtest.h>

namespace tritium::experiment {
namespace {

TEST(GolfShape, IsThePublishedOneAtFullScale) {
  const Result<GolfPlan> plan = plan_golf("int4-mlp-11l", 1, 1024, 2048);
  ASSERT_TRUE(plan.ok()) << plan.message();
  const GolfShape& s = plan->shape;
  EXPECT_EQ(s.dim, 512);
  EXPECT_EQ(s.layers, 11);
  EXPECT_EQ(s.heads(), 8);
  EXPECT_EQ(s.kv_heads(), 4);
  EXPECT_EQ(s.ffn, 1536);
  EXPECT_EQ(s.bigram_buckets, 10240);
  EXPECT_EQ(plan->limit, 16'000'000u);
  const Result<GolfPlan> second = plan_golf("int4-mlp-int6-attn-12l", 1, 1024, 2048);
  ASSERT_TRUE(second.ok()) << second.message();
  EXPECT_NE(second->transformer.find("\"value_embedding_layers\": [9, 10]"), std::string::npos) << second->transformer;
}

TEST(GolfShape, FillsItsBytesAtOtherScales) {
  for (const GolfPreset& preset : golf_presets())
    for (const double scale : {1.0 / 64, 1.0 / 16, 0.25}) {
      const Result<GolfPlan> plan = plan_golf(preset.name, scale, 1024, 256);
      ASSERT_TRUE(plan.ok()) << plan.message();
      const double bytes = expected_bytes(plan->shape, plan->training, 1024);
      EXPECT_LE(bytes, static_cast<double>(plan->limit)) << preset.name << scale;
      EXPECT_GE(bytes, 0.6 * static_cast<double>(plan->limit)) << preset.name << scale;
    }
}

TEST(GolfShape, RefusesWhatCannotFit) {
  EXPECT_EQ(plan_golf("int4-mlp-11l", 0.001, 1024, 256).code(), StatusCode::invalid_argument);
  EXPECT_EQ(plan_golf("int4-mlp-11l", 0, 1024, 256).code(), StatusCode::invalid_argument);
  const Status unknown = plan_golf("int3", 0.1, 1024, 256).status();
  EXPECT_EQ(unknown.code(), StatusCode::not_found);
  EXPECT_NE(unknown.message().find("ternary-moe"), std::string::npos) << unknown.message();
}

}  // namespace
}  // namespace tritium::experiment
