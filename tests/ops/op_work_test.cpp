// What an operation costs, counted from its tensors.
#include "ops/op_work.h"

#include <gtest/gtest.h>

#include "cpu_ref/reference_backend.h"
#include "selftest/case_inputs.h"

namespace tritium {
namespace {

class OpWorkTest : public testing::Test {
 protected:
  std::unique_ptr<Backend> backend_ = make_reference_backend();
  Ops ops_{*backend_};
  cases::CaseInputs inputs_{ops_, 1};
};

TEST_F(OpWorkTest, ProductsReadTheirWeight) {
  const auto x = inputs_.quantized(3, 256, false);
  const Weight w = inputs_.ternary(1, 40, 256, ScaleGranularity::row);
  const OpWork work =
      work_of(TernaryMatmul{.q = x.q, .scales = x.scales, .weight = w, .expert_ids = {}, .y = inputs_.zeros({3, 40})},
              *backend_);
  EXPECT_EQ(work.weight_bytes, 40 * 64 + 40 * 4);
  EXPECT_EQ(work.bytes, work.weight_bytes + 3 * 256 + 3 * 4 + 3 * 40 * 4);
  EXPECT_EQ(work.integer_operations, 2.0 * 3 * 40 * 256);
  EXPECT_EQ(work.float_operations, 0);
}

TEST_F(OpWorkTest, ExpertsThatNoTokenChoseAreNotRead) {
  const auto x = inputs_.quantized(2, 256, false);
  const Weight w = inputs_.ternary(8, 40, 256, ScaleGranularity::row);
  const Tensor ids = inputs_.ints({2, 2}, {5, 1, 1, 5});
  const OpWork work =
      work_of(TernaryMatmul{.q = x.q, .scales = x.scales, .weight = w, .expert_ids = ids, .y = inputs_.zeros({4, 40})},
              *backend_);
  EXPECT_EQ(work.weight_bytes, 2 * (40 * 64 + 40 * 4));
  EXPECT_EQ(work.integer_operations, 2.0 * 4 * 40 * 256);
}

TEST_F(OpWorkTest, ProductsOfFloatsAreFloatOperations) {
  const Weight w = inputs_.dense(1, 40, 96, DType::f16);
  const OpWork work = work_of(
      DenseMatmul{.x = inputs_.random({3, 96}), .weight = w, .expert_ids = {}, .y = inputs_.zeros({3, 40})}, *backend_);
  EXPECT_EQ(work.float_operations, 2.0 * 3 * 40 * 96);
  EXPECT_EQ(work.weight_bytes, 40 * 96 * 2);
}

TEST_F(OpWorkTest, AttentionReadsTheKeysThatItsQueriesSee) {
  const auto attention = [&](int64_t window) {
    return work_of(Attention{.q = inputs_.random({2, 4, 16}),
                             .rows = inputs_.rows(2, 10),
                             .k_cache = inputs_.zeros({64, 2, 16}),
                             .v_cache = inputs_.zeros({64, 2, 16}),
                             .y = inputs_.zeros({2, 4, 16}),
                             .window = window,
                             .scale = 1.0f},
                   *backend_);
  };
  const double others = 2 * 2 * 4 * 16 * 4 + 2 * 2 * 4;  // q, y, rows
  EXPECT_EQ(attention(0).bytes - others, 12 * 2 * 2 * 16 * 4);
  EXPECT_EQ(attention(0).float_operations, 2.0 * (11 + 12) * 4 * 32);
  EXPECT_EQ(attention(5).bytes - others, 6 * 2 * 2 * 16 * 4);
  EXPECT_EQ(attention(5).float_operations, 2.0 * (5 + 5) * 4 * 32);
}

TEST_F(OpWorkTest, ACacheOfCodesIsReadWithItsScalesAndMultipliedAsFloats) {
  const KvCache cache = inputs_.cache({64, 2, 16}, 16, DType::i8);
  const OpWork work = work_of(Attention{.q = inputs_.random({1, 4, 16}),
                                        .rows = inputs_.rows(1, 10),
                                        .k_cache = cache.k,
                                        .v_cache = cache.v,
                                        .k_scales = cache.k_scales,
                                        .v_scales = cache.v_scales,
                                        .y = inputs_.zeros({1, 4, 16})},
                              *backend_);
  EXPECT_EQ(work.bytes, 2 * 4 * 16 * 4 + 2 * 4 + 11 * 2 * 2 * (16 + 4));
  EXPECT_EQ(work.float_operations, 2.0 * 11 * 4 * 32);
  EXPECT_EQ(work.integer_operations, 0);
}

TEST_F(OpWorkTest, WithoutAskingADeviceItIsWhatItCanBeAtMost) {
  const auto x = inputs_.quantized(2, 256, false);
  const Weight w = inputs_.ternary(8, 40, 256, ScaleGranularity::row);
  const auto product = [&](const Tensor& ids, int64_t rows) {
    return most_work_of(
        TernaryMatmul{.q = x.q, .scales = x.scales, .weight = w, .expert_ids = ids, .y = inputs_.zeros({rows, 40})});
  };
  const OpWork routed = product(inputs_.ints({2, 2}, {5, 5, 5, 5}), 4);
  EXPECT_EQ(routed.weight_bytes, 4 * (40 * 64 + 40 * 4)) << "each row another expert";
  EXPECT_EQ(routed.integer_operations, 2.0 * 4 * 40 * 256);
  EXPECT_EQ(product(inputs_.ints({2, 6}, std::vector<int32_t>(12, 1)), 12).weight_bytes, 8 * (40 * 64 + 40 * 4));
  const OpWork attention = most_work_of(Attention{.q = inputs_.random({2, 4, 16}),
                                                  .rows = inputs_.rows(2, 10),
                                                  .k_cache = inputs_.zeros({64, 2, 16}),
                                                  .v_cache = inputs_.zeros({64, 2, 16}),
                                                  .y = inputs_.zeros({2, 4, 16})});
  EXPECT_EQ(attention.float_operations, 2.0 * (64 + 64) * 4 * 32) << "the whole cache";
}

TEST_F(OpWorkTest, TablesAndCachesCountTheRowsOfTheTokens) {
  const OpWork stored = work_of(StoreKv{.k = inputs_.random({2, 2, 16}),
                                        .v = inputs_.random({2, 2, 16}),
                                        .rows = inputs_.rows(2, 0),
                                        .k_cache = inputs_.zeros({64, 2, 16}),
                                        .v_cache = inputs_.zeros({64, 2, 16})},
                                *backend_);
  EXPECT_EQ(stored.bytes, 3 * (2 * 2 * 2 * 16 * 4) + 2 * 2 * 4);
  const OpWork looked_up = work_of(Embedding{.table = inputs_.dense(1, 100, 32, DType::f32),
                                             .tokens = inputs_.ints({3}, {1, 2, 3}),
                                             .y = inputs_.zeros({3, 32})},
                                   *backend_);
  EXPECT_EQ(looked_up.weight_bytes, 3 * 32 * 4);
  EXPECT_EQ(looked_up.float_operations, 0);
}

}  // namespace
}  // namespace tritium
