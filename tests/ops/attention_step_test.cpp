#include "ops/attention_step.h"

#include <array>

#include "tests/ops/composed.h"

namespace tritium {
namespace {

class AttentionStepReference : public ComposedTest {
 protected:
  static constexpr int64_t kHeads = 4, kKvHeads = 2, kDim = 8, kCapacity = 9, kPosition = 6;

  Tensor spread(const Shape& shape, float first) {
    std::vector<float> values;
    for (int64_t i = 0; i < shape.elements(); ++i)
      values.push_back(std::sin(first + 1.7f * static_cast<float>(i) + 0.01f * static_cast<float>(i * i)));
    return floats(shape, values);
  }

  AttentionStep step(int64_t splits, int64_t window) {
    return {.q = spread({1, kHeads, kDim}, 1),
            .k = spread({1, kKvHeads, kDim}, 2),
            .v = spread({1, kKvHeads, kDim}, 3),
            .q_norm = spread({kDim}, 4),
            .k_norm = spread({kDim}, 5),
            .cos_sin = spread({kCapacity, kDim / 2, 2}, 6),
            .rows = ints({1, 2}, {kPosition, 1}),
            .k_cache = spread({kCapacity, kKvHeads, kDim}, 7),
            .v_cache = spread({kCapacity, kKvHeads, kDim}, 8),
            .parts = zeros({kHeads, splits, kDim + 2}),
            .window = window,
            .split_keys = (kCapacity + splits - 1) / splits,
            .scale = 0.5f};
  }

  std::vector<float> merged(const AttentionStep& op) {
    const Tensor y = zeros({1, kHeads, kDim});
    EXPECT_TRUE(run(op).ok());
    EXPECT_TRUE(run(MergeSplits{.parts = op.parts, .y = y}).ok());
    return values(y);
  }

  // By the simple operations, on caches of its own.
  std::vector<float> simple(const AttentionStep& op, std::vector<float>* k_cache) {
    const auto turned = [&](const Tensor& x, const Tensor& norm) {
      const Tensor normed = zeros(x.shape), rotated = zeros(x.shape);
      EXPECT_TRUE(run(RmsNorm{.x = x, .weight = norm, .y = normed, .eps = op.eps}).ok());
      EXPECT_TRUE(
          run(Rope{.x = normed, .rows = op.rows, .cos_sin = op.cos_sin, .y = rotated, .pairing = op.pairing}).ok());
      return rotated;
    };
    const Tensor y = zeros({1, kHeads, kDim}), keys = floats(op.k_cache.shape, values(op.k_cache)),
                 cached = floats(op.v_cache.shape, values(op.v_cache));
    EXPECT_TRUE(
        run(StoreKv{.k = turned(op.k, op.k_norm), .v = op.v, .rows = op.rows, .k_cache = keys, .v_cache = cached})
            .ok());
    EXPECT_TRUE(run(Attention{.q = turned(op.q, op.q_norm),
                              .rows = op.rows,
                              .k_cache = keys,
                              .v_cache = cached,
                              .y = y,
                              .window = op.window,
                              .scale = op.scale})
                    .ok());
    *k_cache = values(keys);
    return values(y);
  }
};

TEST_F(AttentionStepReference, AnyNumberOfSplitsGivesWhatTheSimpleOperationsGive) {
  for (const int64_t window : {0, 1, 3})
    for (const int64_t splits : {1, 2, 3, 7, 20}) {
      const AttentionStep op = step(splits, window);
      std::vector<float> keys;
      const std::vector<float> expected = simple(op, &keys), y = merged(op);
      for (size_t i = 0; i < y.size(); ++i)
        EXPECT_NEAR(y[i], expected[i], 2e-6) << splits << " splits, window " << window << ", value " << i;
      EXPECT_EQ(values(op.k_cache), keys);
    }
}

TEST_F(AttentionStepReference, ASplitWithoutKeysLeavesZeros) {
  const AttentionStep op = step(20, 0);
  ASSERT_TRUE(run(op).ok());
  const std::vector<float> parts = values(op.parts);
  for (size_t d = 0; d < kDim + 2; ++d) EXPECT_EQ(parts[19 * (kDim + 2) + d], 0.0f) << d;
}

TEST_F(AttentionStepReference, RefusesSplitsThatLeaveKeysOut) {
  AttentionStep op = step(2, 0);
  op.split_keys = 4;
  EXPECT_EQ(run(op).message(), "attention_step: the splits must hold all keys");
}

TEST_F(AttentionStepReference, RefusesOneNormOfTwo) {
  AttentionStep op = step(1, 0);
  op.k_norm = {};
  EXPECT_EQ(run(op).message(), "attention_step: both norms or none");
}

}  // namespace
}  // namespace tritium
