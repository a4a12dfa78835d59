#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>

#include "cpu_ref/reference_backend.h"
#include "ops/all.h"
#include "selftest/case_inputs.h"
#include "shaders/lib/ternary.h"
#include "tests/ops/finite_difference.h"

namespace tritium {

// One quantiser everywhere: what the trainer packs is what storage makes of the same weights.
TEST(TernarizeReference, PacksWhatTheStorageQuantiserPacks) {
  constexpr int64_t kRows = 6, kCols = 70;
  const auto w = random_floats(kRows * kCols, 3);
  const Result<TernaryMatrix> expected = TernaryMatrix::from_weights(w, 1, kRows, kCols, ScaleGranularity::row);
  ASSERT_TRUE(expected.ok());
  const std::unique_ptr<Backend> backend = make_reference_backend();
  DenseMatrix dense{.n_matrices = 1, .rows = kRows, .cols = kCols, .dtype = DType::f32, .bytes = {}};
  dense.bytes.resize(w.size() * 4);
  std::memcpy(dense.bytes.data(), w.data(), dense.bytes.size());
  Ops ops(*backend);
  cases::CaseInputs in(ops, 5);
  const Weight packed = in.ternary(1, kRows, kCols, ScaleGranularity::row);
  ops(Ternarize{.parameter = *backend->upload_weight(dense, "w"),
                .alpha = in.floats({kRows}, {expected->scales().begin(), expected->scales().end()}),
                .weight = packed,
                .flips = {}});
  ASSERT_TRUE(ops.finish().ok());
  const Result<TernaryMatrix> made = backend->download_weight(packed);
  ASSERT_TRUE(made.ok());
  EXPECT_TRUE(std::ranges::equal(made->words(), expected->words()));
  EXPECT_TRUE(std::ranges::equal(made->scales(), expected->scales()));
}

TEST(TernarizeReference, ATieGoesToZero) {
  EXPECT_EQ(shader::ternary_trit(0.5f, 1.0f), 0);
  EXPECT_EQ(shader::ternary_trit(-0.5f, 1.0f), 0);
  EXPECT_EQ(shader::ternary_trit(std::nextafter(0.5f, 1.0f), 1.0f), 1);
  EXPECT_EQ(shader::ternary_trit(-std::nextafter(0.5f, 1.0f), 1.0f), -1);
}

}  // namespace tritium
