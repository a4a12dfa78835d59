// Models without a file: their weights are valid, and what a token costs is what adding up says.
#include "bench/made_model.h"

#include <gtest/gtest.h>

#include <cmath>

#include "backends.h"
#include "bench/random_weights.h"
#include "model/token_work.h"
#include "model/transformer.h"
#include "tensor/rows.h"

namespace tritium::bench {
namespace {

constexpr int64_t kDim = 256, kFfn = 512, kVocabulary = 320, kExperts = 4, kUsed = 2;

ModelShape tiny(bool tied) {
  return {.name = "tiny",
          .architecture = "qwen3moe",
          .layers = 2,
          .dim = kDim,
          .heads = 4,
          .kv_heads = 2,
          .head_dim = 64,
          .ffn = kFfn,
          .experts = kExperts,
          .experts_used = kUsed,
          .vocabulary = kVocabulary,
          .context = 64,
          .embedding = DType::q8_0,
          .head = DType::q8_0,
          .tied_head = tied};
}

// Two bits a weight and a float a row.
uint64_t trits(int64_t rows, int64_t cols) { return static_cast<uint64_t>(rows * cols / 4 + rows * 4); }
// A byte a weight and a half for 32 of them.
uint64_t bytes_q8(int64_t rows, int64_t cols) { return static_cast<uint64_t>(rows * cols + rows * cols / 32 * 2); }
uint64_t floats(int64_t n) { return static_cast<uint64_t>(n) * 4; }

uint64_t layer_bytes(int64_t experts) {
  const uint64_t attention = trits(256, kDim) + 2 * trits(128, kDim) + trits(kDim, 256);
  const uint64_t norms = floats(kDim) * 2 + floats(64) * 2;
  const uint64_t expert = 2 * trits(kFfn, kDim) + trits(kDim, kFfn);
  return attention + norms + floats(kExperts * kDim) + static_cast<uint64_t>(experts) * expert;
}

TEST(TokenWork, IsWhatATokenReads) {
  const MadeModel made(tiny(false));
  const Result<CheckedModel> model = CheckedModel::check(made);
  ASSERT_TRUE(model.ok()) << model.message();
  const uint64_t head = bytes_q8(kVocabulary, kDim) + floats(kDim);  // with its norm
  const TokenWork work = token_work(model->config(), describe_weights(*model));
  EXPECT_EQ(work.weight_bytes, bytes_q8(1, kDim) + 2 * layer_bytes(kUsed) + head);
  EXPECT_EQ(work.model_bytes, bytes_q8(kVocabulary, kDim) + 2 * layer_bytes(kExperts) + head);
  EXPECT_EQ(work.ternary_operations, 2u * 2u * (2 * 256 * kDim + 2 * 128 * kDim + kUsed * 3 * kFfn * kDim));
}

TEST(TokenWork, OfATiedHeadReadsAllOfIt) {
  const MadeModel made(tiny(true));
  const Result<CheckedModel> model = CheckedModel::check(made);
  ASSERT_TRUE(model.ok()) << model.message();
  const TokenWork work = token_work(model->config(), describe_weights(*model));
  EXPECT_EQ(work.weight_bytes, 2 * layer_bytes(kUsed) + bytes_q8(kVocabulary, kDim) + floats(kDim));
}

TEST(MadeModel, RunsAndItsLogitsAreFinite) {
  for (const DType head : {DType::q8_0, DType::q4_0, DType::q4_k, DType::q6_k}) {
    ModelShape shape = tiny(false);
    shape.head = shape.embedding = head;
    const MadeModel made(shape);
    const Result<CheckedModel> model = CheckedModel::check(made);
    ASSERT_TRUE(model.ok()) << model.message();
    const Result<std::unique_ptr<Backend>> backend = make_backend({.backend = "cpu", .threads = 2});
    ASSERT_TRUE(backend.ok()) << backend.message();
    const Result<Weights> weights = load_weights(*model, **backend, {});
    ASSERT_TRUE(weights.ok()) << weights.message();
    Result<ForwardState> state = make_state(model->config(), *weights, **backend, {.capacity = 8, .batch = 8});
    ASSERT_TRUE(state.ok()) << state.message();
    const std::vector<int32_t> tokens = {1, 2, 3};
    std::vector<float> logits(kVocabulary);
    const Status status = forward(model->config(), *weights, *state, **backend, tokens, 0, Logits::last, logits);
    ASSERT_TRUE(status.ok()) << status.message();
    double squares = 0;
    for (const float x : logits) squares += static_cast<double>(x) * x;
    EXPECT_TRUE(std::isfinite(squares)) << name_of(head);
    EXPECT_GT(squares, 0) << name_of(head);
    EXPECT_EQ(token_work(model->config(), *weights).ternary_operations,
              token_work(model->config(), describe_weights(*model)).ternary_operations);
  }
}

TEST(MadeModel, EveryShapeIsAModel) {
  for (const ModelShape& shape : bench_models()) {
    const MadeModel made(shape);
    const Result<CheckedModel> model = CheckedModel::check(made);
    EXPECT_TRUE(model.ok()) << shape.name << ": " << model.message();
  }
}

TEST(RandomWeights, TritsAreThoseOfAnyStretch) {
  const auto rows = random_trits({2, 5, 300}, 7);
  const Result<TernaryMatrix> all = read_all(*rows);
  ASSERT_TRUE(all.ok()) << all.message();
  const auto words_of_row = static_cast<size_t>(rows->words_per_row());
  std::vector<uint32_t> words(3 * words_of_row);
  std::vector<float> scales(3);
  ASSERT_TRUE(rows->read(4, 3, words, scales).ok());
  for (int64_t r = 0; r < 3; ++r) {
    const auto expected = all->row_words((4 + r) / 5, (4 + r) % 5);
    for (size_t i = 0; i < words_of_row; ++i) EXPECT_EQ(words[static_cast<size_t>(r) * words_of_row + i], expected[i]);
  }
  EXPECT_NEAR(all->zero_fraction(), 0.5, 0.1);
}

TEST(RandomWeights, IntegersInBlocksHaveAboutTheSpreadOfTheirWidth) {
  for (const DType dtype : {DType::q8_0, DType::q4_0, DType::q4_k, DType::q6_k, DType::f32}) {
    const Result<std::vector<float>> values = read_all_f32(*random_rows({1, 64, 256}, dtype, 3));
    ASSERT_TRUE(values.ok()) << name_of(dtype) << ": " << values.message();
    double squares = 0;
    for (const float x : *values) squares += static_cast<double>(x) * x;
    const double deviation = std::sqrt(squares / static_cast<double>(values->size()));
    EXPECT_GT(deviation, 0.5 / 16) << name_of(dtype);
    EXPECT_LT(deviation, 2.0 / 16) << name_of(dtype);
  }
}

}  // namespace
}  // namespace tritium::bench
