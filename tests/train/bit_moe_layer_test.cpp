// What belongs to a block's alpha is quantised with it and dropped with it (law 5 of the training notes).
#include "train/bit_moe_layer.h"

#include <cmath>

#include "base/counter_rng.h"
#include "shaders/lib/ternary.h"
#include "tests/train/training_model.h"
#include "train/quantizers/quantizer.h"

namespace tritium {
namespace {

using training::BitLinear;

class BlockAlpha : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    backend = training_backend(GetParam());
    if (!backend) GTEST_SKIP() << "no " << GetParam() << " here";
  }
  std::unique_ptr<Backend> backend;
};
INSTANTIATE_TEST_SUITE_P(Backends, BlockAlpha, testing::Values("reference", "cpu", "vulkan"),
                         [](const auto& info) { return info.param; });

// Projections of per-layer embeddings are a part of the block: in its alpha, quantised and dropped with it.
TEST_P(BlockAlpha, CoversProjectionsOfPerLayerEmbeddings) {
  Ops ops(*backend);
  Allocator allocator(*backend);
  std::vector<BitLinear> parts;
  std::vector<float> all;
  for (const Shape& shape : {Shape{3, 8, 20}, Shape{3, 8, 20}, Shape{3, 20, 8}, Shape{1, 6, 20}, Shape{1, 20, 6}}) {
    std::vector<float> weights(static_cast<size_t>(shape.elements()));
    for (size_t i = 0; i < weights.size(); ++i)
      weights[i] = static_cast<float>(random_normal(parts.size(), i) * 0.01 * static_cast<double>(parts.size() + 1));
    all.insert(all.end(), weights.begin(), weights.end());
    Result<BitLinear> made = BitLinear::from_weights(allocator, "part", shape, weights, {});
    ASSERT_TRUE(made.ok()) << made.message();
    parts.push_back(*std::move(made));
    parts.back().sums = *backend->allocate({shape[0] * shape[1]}, DType::f32, "sums");
  }
  const training::BitMoELayer layer = {
      .gate = &parts[0], .up = &parts[1], .down = &parts[2], .ple_projections = {&parts[3], &parts[4]}};
  const auto quantizer = training::make_absmean(allocator, layer.matrices(), 1, {});
  ASSERT_TRUE(allocator.ok());
  for (const BitLinear* p : layer.matrices())
    ops(SgdUpdate{.shadow = {.parameter = p->shadow, .sums = p->sums},
                  .gradient = *backend->allocate({p->n_matrices, p->rows, p->cols}, DType::f32, "none"),
                  .m = {},
                  .learning_rate = 0.0f});
  quantizer->measure(ops, false);
  quantizer->quantize(ops);
  ASSERT_TRUE(ops.finish().ok());
  double sum = 0;
  for (float w : all) sum += std::abs(w);
  const float alpha = backend->download_weight(parts[0].packed)->scale(0, 0, 0);
  EXPECT_NEAR(alpha, sum / static_cast<double>(all.size()), 1e-3 * double{alpha});  // as F16
  for (const BitLinear* p : layer.matrices()) {
    const Result<TernaryMatrix> trits = backend->download_weight(p->packed);
    const Result<std::vector<float>> shadow = p->values(*backend);
    ASSERT_TRUE(trits.ok() && shadow.ok());
    for (int64_t row = 0; row < p->n_matrices * p->rows; ++row)
      for (int64_t c = 0; c < p->cols; ++c) {
        ASSERT_EQ(trits->scale(row / p->rows, row % p->rows, c), alpha);
        ASSERT_EQ(trits->trit(row / p->rows, row % p->rows, c),
                  shader::ternary_trit((*shadow)[static_cast<size_t>(row * p->cols + c)], alpha));
      }
  }
  layer.drop_shadow();
  for (const BitLinear* p : layer.matrices()) EXPECT_FALSE(p->trains());
}

}  // namespace
}  // namespace tritium
