// Weights of base3: the same trits, and the same bits as rows32 gives, on every rung that has the layout.
#include <gtest/gtest.h>

#include <algorithm>

#include "base/counter_rng.h"
#include "base/environment.h"
#include "cpu/layout/base3.h"
#include "cpu/layout/base3_words.h"
#include "cpu/rungs.h"
#include "ops/weight_layout.h"
#include "selftest/selftest.h"
#include "tests/cpu/cpu_test.h"

namespace tritium {
namespace {

std::vector<uint32_t> random_codes(size_t words, uint64_t seed) {
  std::vector<uint32_t> codes(words);
  for (size_t i = 0; i < 16 * words; ++i)
    codes[i / 16] |= static_cast<uint32_t>(random_bits(seed, i) % 3) << (2 * (i % 16));
  return codes;
}

TEST(Base3Words, HoldTheCodesThatWerePacked) {
  constexpr int64_t kStride = 3, kChunks = 4 * cpu::kUnitChunks;
  const std::vector<uint32_t> codes = random_codes(kChunks, 1);
  std::vector<uint32_t> words(static_cast<size_t>(cpu::base3_words(kChunks) * kStride)), back(kChunks);
  cpu::pack_base3(codes, words.data(), kStride);
  cpu::unpack_base3(words.data(), kStride, back);
  EXPECT_EQ(back, codes);
  for (size_t i = 0; i < words.size(); ++i) {
    if (i % kStride == 0) continue;
    EXPECT_EQ(words[i], 0u) << "between the words of a row, at " << i;
  }
}

TEST(Base3Words, TakeThirteenSixteenthsOfTwoBits) { EXPECT_EQ(cpu::base3_words(16 * 16), 13 * 16); }

// Rungs whose kernels take base3.
std::vector<std::string> rungs_with_base3() {
  std::vector<std::string> names;
  for (const std::string& level : simd_levels()) {
    set_environment("TRITIUM_CPU_RUNG", level);
    if (cpu_has_base3()) names.push_back(level);
  }
  set_environment("TRITIUM_CPU_RUNG", std::nullopt);
  return names;
}

std::unique_ptr<Backend> backend_of(const std::string& level, WeightLayout layout, int threads = 2) {
  set_environment("TRITIUM_CPU_RUNG", level);
  std::unique_ptr<Backend> backend = make_cpu_backend({.threads = threads, .layout = layout});
  set_environment("TRITIUM_CPU_RUNG", std::nullopt);
  return backend;
}

class Base3 : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Rungs, Base3, testing::ValuesIn(rungs_with_base3()), [](const auto& info) {
  std::string name = info.param;
  std::ranges::replace(name, '-', '_');
  return name;
});
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Base3);

TEST_P(Base3, SelftestTableWithinBounds) {
  cases::BackendPair pair(backend_of(GetParam(), WeightLayout::base3), make_reference_backend());
  for (const std::string_view op : {"ternary_matmul", "ternary_matmul_f32", "embedding"}) {
    const OperationReport report = pair.run(op);
    EXPECT_GT(report.cases, 0) << op;
    EXPECT_EQ(report.failure, "") << op;
  }
}

// Rows that fill no block, columns that fill no unit, one token to several panels, groups and blocks of activations.
TEST_P(Base3, ProductsAreTheBitsOfTwoBitWeights) {
  struct Product {
    int64_t rows, cols, tokens, group;
    bool per_block;
  };
  for (const Product p :
       {Product{1, 40, 1, 0, false}, Product{77, 700, 1, 0, false}, Product{64, 2560, 2, 0, false},
        Product{33, 1024, 3, 0, false}, Product{40, 300, 4, 0, false}, Product{64, 700, 5, 0, false},
        Product{90, 2560, 6, 0, false}, Product{33, 512, 7, 0, false}, Product{70, 1300, 8, 0, false},
        Product{100, 512, 12, 0, false}, Product{96, 1300, 40, 0, false}, Product{50, 1024, 1, 256, false},
        Product{50, 1024, 2, 64, false}, Product{50, 1024, 6, 256, false}, Product{50, 1024, 9, 128, true},
        Product{70, 1024, 2, 0, true}, Product{70, 1024, 8, 0, true}}) {
    const Outcome outcome = side_by_side(
        backend_of(GetParam(), WeightLayout::base3), backend_of(GetParam(), WeightLayout::two_bit), 3,
        [&](Ops& ops, cases::CaseInputs& in) {
          const auto x = in.quantized(p.tokens, p.cols, p.per_block);
          const Weight weight =
              in.ternary(1, p.rows, p.cols, p.group ? ScaleGranularity::group : ScaleGranularity::row, p.group);
          ops(TernaryMatmul{
              .q = x.q, .scales = x.scales, .weight = weight, .expert_ids = {}, .y = in.zeros({p.tokens, p.rows})});
        });
    EXPECT_TRUE(outcome.status.ok()) << outcome.status.message();
    EXPECT_EQ(outcome.worst_error, 0.0) << p.rows << "x" << p.cols << ", " << p.tokens << " tokens";
    EXPECT_GT(outcome.n_compared, 0);
  }
}

TEST_P(Base3, AMatrixComesBackAsItWas) {
  const std::unique_ptr<Backend> backend = backend_of(GetParam(), WeightLayout::base3);
  TernaryMatrix matrix(3, 45, 300, ScaleGranularity::row);
  for (int64_t m = 0; m < 3; ++m)
    for (int64_t r = 0; r < 45; ++r)
      for (int64_t c = 0; c < 300; ++c)
        matrix.set_trit(m, r, c,
                        static_cast<int>(random_bits(5, static_cast<uint64_t>((m * 45 + r) * 300 + c)) % 3) - 1);
  for (float& scale : matrix.scales()) scale = 0.5f;
  const Result<Weight> weight = backend->upload_weight(matrix, "w");
  ASSERT_TRUE(weight.ok()) << weight.message();
  EXPECT_EQ(weight->data.bytes(), 3 * 64 * 512 / 16 * 4 * 13 / 16);
  const Result<TernaryMatrix> back = backend->download_weight(*weight);
  ASSERT_TRUE(back.ok()) << back.message();
  EXPECT_TRUE(std::ranges::equal(back->words(), matrix.words()));
}

TEST_P(Base3, WeightsAreForReading) {
  const std::unique_ptr<Backend> backend = backend_of(GetParam(), WeightLayout::base3);
  Ops ops(*backend);
  cases::CaseInputs in(ops, 1);
  const Weight weight = in.ternary(1, 32, 256, ScaleGranularity::row);
  ops(TernaryMatmulBackward{.dy = in.random({2, 32}), .weight = weight, .expert_ids = {}, .dx = in.zeros({2, 256})});
  EXPECT_EQ(ops.finish().code(), StatusCode::unsupported);
}

TEST_P(Base3, IsChosenForLargeWeightsOnlyWhereNobodyAskedForOne) {
  const std::unique_ptr<Backend> backend = backend_of(GetParam(), WeightLayout::automatic);
  Weight small = describe_weight(TernaryMatrix::described(1, 64, 256, ScaleGranularity::row, 0), "small");
  backend->lay_out(small);
  EXPECT_EQ(small.data.dtype, DType::trit2);
  Weight large = describe_weight(TernaryMatrix::described(1, 4096, 4096, ScaleGranularity::row, 0), "large");
  backend->lay_out(large);
  Weight again = describe_weight(TernaryMatrix::described(1, 4096, 4096, ScaleGranularity::row, 0), "again");
  backend->lay_out(again);
  EXPECT_EQ(large.data.dtype, again.data.dtype) << "one measurement a backend";
}

}  // namespace
}  // namespace tritium
