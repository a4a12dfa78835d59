// Models with tensors in other types, and what differs between two.
#include <gtest/gtest.h>

#include <algorithm>

#include "format/codec.h"
#include "format/gguf.h"
#include "tensor/half.h"
#include "tests/support/random_model.h"
#include "tests/support/temporary_folder.h"
#include "tritium/convert.hpp"

namespace tritium {
namespace {

// A mixture of experts, ternary but for the embedding.
struct Model {
  TemporaryFolder folder;
  std::string input = folder.file("in.gguf"), output = folder.file("out.gguf");

  Model() {
    MemoryTensorMap map = random_model(
        {.architecture = "qwen3moe", .dim = 256, .n_layers = 1, .head_dim = 64, .ffn_dim = 256, .n_experts = 3});
    std::vector<GgufTensor> tensors;
    for (const TensorInfo& info : map.tensors()) {
      const StorageType type = info.ternary ? StorageType::tq2_0 : StorageType::f32;
      std::vector<std::byte> bytes;
      if (info.ternary) {
        TernaryMatrix m = *map.load_ternary(info.name);
        for (float& s : m.scales()) s = f16_to_f32(f32_to_f16(s));
        bytes = *encode_ternary(m, type);
      } else {
        bytes = *encode_f32(*map.load_f32(info.name), info.shape, type);
      }
      tensors.push_back({.name = info.name, .type = type, .shape = info.shape, .bytes = std::move(bytes)});
    }
    EXPECT_TRUE(write_gguf(input, map.metadata(), tensors).ok());
  }
};

const WrittenTensor& tensor(const WrittenModel& written, const std::string& name) {
  return *std::ranges::find(written.tensors, name, &WrittenTensor::name);
}

TEST(Quantize, ChangesTypesByWhatTensorsAreFor) {
  const Model model;
  const auto written = quantize_model(model.input, {.output = model.output,
                                                    .embedding = "q8_0",
                                                    .attention = "q2_0",
                                                    .experts = "tq1_0",
                                                    .head = "q4_k",
                                                    .router = "bf16"});
  ASSERT_TRUE(written.ok()) << written.message();
  EXPECT_EQ(tensor(*written, "blk.0.ffn_up_exps.weight").type, "TQ1_0");
  EXPECT_EQ(tensor(*written, "blk.0.ffn_up_exps.weight").rms_error, 0);
  EXPECT_EQ(tensor(*written, "blk.0.attn_v.weight").type, "Q2_0");
  EXPECT_EQ(tensor(*written, "blk.0.attn_norm.weight").type, "F32");
  EXPECT_EQ(tensor(*written, "output.weight").type, "Q4_K");
  EXPECT_LT(tensor(*written, "output.weight").relative_error, 0.09);
  EXPECT_LT(tensor(*written, "token_embd.weight").relative_error, 0.008);
  EXPECT_GT(tensor(*written, "token_embd.weight").relative_error, 0.0001);
  const auto difference = diff_models(model.input, model.output);
  ASSERT_TRUE(difference.ok()) << difference.message();
  for (const TensorDifference& t : difference->tensors) {
    const WrittenTensor& other = tensor(*written, t.name);
    EXPECT_EQ(t.kind, other.rms_error > 0 ? "values" : "type") << t.name;
    EXPECT_NEAR(t.rms, other.rms_error, 1e-9 + 1e-6 * other.rms_error) << t.name;
  }
}

TEST(Quantize, WithoutAChangeOfValuesNothingDiffers) {
  const Model model;
  ASSERT_TRUE(quantize_model(model.input, {.output = model.output, .experts = "tq2_0"}).ok());
  const auto difference = diff_models(model.input, model.output);
  ASSERT_TRUE(difference.ok()) << difference.message();
  EXPECT_TRUE(difference->tensors.empty());
  EXPECT_EQ(difference->tensors_compared, 15);
  ASSERT_EQ(difference->keys.size(), 2u);  // what is written of types
  EXPECT_EQ(difference->keys[0].key, "general.file_type");
  EXPECT_FALSE(difference->keys[0].first.has_value());
  const auto itself = diff_models(model.input, model.input);
  ASSERT_TRUE(itself.ok());
  EXPECT_TRUE(itself->same());
}

TEST(Quantize, RoundsToTritsWhereItIsAskedTo) {
  const Model model;
  const auto refused = quantize_model(model.input, {.output = model.output, .embedding = "tq2_0"});
  EXPECT_EQ(refused.code(), StatusCode::invalid_argument);
  EXPECT_NE(refused.message().find("token_embd.weight is F32 and not ternary: TQ2_0 would round"), std::string::npos)
      << refused.message();
  const auto written =
      quantize_model(model.input, {.output = model.output, .embedding = "tq2_0", .round_to_trits = true});
  ASSERT_TRUE(written.ok()) << written.message();
  EXPECT_NEAR(tensor(*written, "token_embd.weight").relative_error, 0.45, 0.1);  // of normal values
}

TEST(Quantize, RefusesWhatMakesNoSense) {
  const Model model;
  const auto refused = [&](QuantizeOptions options, const std::string& part) {
    options.output = model.output;
    const auto written = quantize_model(model.input, options);
    EXPECT_EQ(written.code(), StatusCode::invalid_argument) << part;
    EXPECT_NE(written.message().find(part), std::string::npos) << written.message();
  };
  refused({}, "no type is chosen");
  refused({.router = "tq1_0"}, "router: TQ1_0 makes no sense here: a router is small");
  refused({.norm = "q8_0"}, "norm: Q8_0 makes no sense here");
  refused({.feed_forward = "q8_0"}, "has no tensors of this kind");
  refused({.experts = "q3"}, "experts: type \"q3\" is not known");
  refused({.experts = "i2_s"}, "I2_S has one scale for a tensor");
}

TEST(Diff, SaysWhatDiffers) {
  const TemporaryFolder folder;
  const std::string first = folder.file("a.gguf"), second = folder.file("b.gguf");
  const auto floats = [](const std::string& name, const std::vector<float>& values) {
    const std::vector<int64_t> shape = {static_cast<int64_t>(values.size())};
    return GgufTensor{
        .name = name, .type = StorageType::f32, .shape = shape, .bytes = *encode_f32(values, shape, StorageType::f32)};
  };
  Metadata a, b;
  a.set("x", int64_t{1});
  b.set("x", int64_t{2});
  b.set("y", std::string("new"));
  ASSERT_TRUE(write_gguf(first, a, {floats("t", {3, 4}), floats("gone", {1}), floats("size", {1})}).ok());
  ASSERT_TRUE(write_gguf(second, b, {floats("t", {3, 5}), floats("size", {1, 2}), floats("more", {1})}).ok());
  const auto d = diff_models(first, second);
  ASSERT_TRUE(d.ok()) << d.message();
  ASSERT_EQ(d->keys.size(), 2u);
  EXPECT_EQ(*d->keys[0].first, "1");
  EXPECT_FALSE(d->keys[1].first.has_value());
  ASSERT_EQ(d->tensors.size(), 4u);
  EXPECT_EQ(d->tensors[0].kind, "values");
  EXPECT_EQ(d->tensors[0].values, 1);
  EXPECT_EQ(d->tensors[0].largest, 1);
  EXPECT_NEAR(d->tensors[0].relative, 0.2, 1e-12);
  EXPECT_EQ(d->tensors[1].kind, "only in the first");
  EXPECT_EQ(d->tensors[2].kind, "shape");
  EXPECT_EQ(d->tensors[3].kind, "only in the second");
}

}  // namespace
}  // namespace tritium
