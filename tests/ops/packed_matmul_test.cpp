// Integers in blocks: the order of kernels holds what files hold, and the product of int8 codes is the one of values.
#include "ops/packed_matmul.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>
#include <vector>

#include "cpu_ref/reference_backend.h"
#include "ops/ops.h"
#include "tensor/half.h"
#include "tensor/to_f32.h"

namespace tritium {
namespace {

constexpr DType kTypes[] = {DType::q8_0, DType::q4_0, DType::q4_k, DType::q6_k};

DenseMatrix random_blocks(int64_t rows, int64_t cols, DType dtype, uint32_t seed) {
  std::mt19937 random(seed);
  DenseMatrix matrix{.rows = rows, .cols = cols, .dtype = dtype, .bytes = {}};
  matrix.bytes.resize(static_cast<size_t>(rows * bytes_of(dtype, cols)));
  for (std::byte& b : matrix.bytes) b = static_cast<std::byte>(random() & 255);
  const auto block = static_cast<size_t>(block_of(dtype).bytes);
  for (size_t start = 0; start < matrix.bytes.size(); start += block)
    for (size_t place : dtype == DType::q6_k ? std::vector<size_t>{208} : std::vector<size_t>{0, 2}) {
      if (place == 2 && dtype != DType::q4_k) continue;
      const uint16_t half = f32_to_f16(static_cast<float>(random() % 2000) * 1e-5f - 1e-2f);
      std::memcpy(&matrix.bytes[start + place], &half, 2);
    }
  return matrix;
}

std::vector<float> values_of(const DenseMatrix& m) {
  std::vector<float> values(static_cast<size_t>(m.rows * m.cols));
  to_f32(m.dtype, m.bytes, values);
  return values;
}

TEST(PackedLayout, ALookedUpRowHasTheValuesOfTheFile) {
  for (DType dtype : kTypes) {
    const int64_t cols = is_packed(dtype) && block_of(dtype).elements == 32 ? 288 : 512;
    const DenseMatrix matrix = random_blocks(5, cols, dtype, 7);
    const auto backend = make_reference_backend();
    const Result<Weight> table = backend->upload_weight(matrix, "table");
    ASSERT_TRUE(table.ok()) << table.message();
    const std::vector<int32_t> ids = {3, 0, 4};
    Ops ops(*backend);
    Tensor tokens = *backend->allocate({3}, DType::i32, "tokens");
    Tensor y = *backend->allocate({3, cols}, DType::f32, "y");
    ops.upload(tokens, std::as_bytes(std::span(ids)));
    ops(Embedding{.table = *table, .tokens = tokens, .y = y});
    ASSERT_TRUE(ops.finish().ok());
    std::vector<float> rows(static_cast<size_t>(3 * cols));
    ASSERT_TRUE(backend->download(y, std::as_writable_bytes(std::span(rows))).ok());
    const std::vector<float> expected = values_of(matrix);
    for (size_t t = 0; t < ids.size(); ++t)
      for (size_t c = 0; c < static_cast<size_t>(cols); ++c)
        ASSERT_EQ(rows[t * static_cast<size_t>(cols) + c],
                  expected[static_cast<size_t>(ids[t]) * static_cast<size_t>(cols) + c])
            << name_of(dtype) << " token " << t << " column " << c;
  }
}

TEST(PackedMatmulReference, IsTheProductOfTheCodesWithTheValues) {
  for (DType dtype : kTypes)
    for (bool per_block : {false, true}) {
      constexpr int64_t kRows = 3, kCols = 768, kTokens = 2;
      const DenseMatrix matrix = random_blocks(kRows, kCols, dtype, 11);
      const auto backend = make_reference_backend();
      const Result<Weight> weight = backend->upload_weight(matrix, "w");
      ASSERT_TRUE(weight.ok()) << weight.message();
      std::vector<int8_t> codes(kTokens * kCols);
      for (size_t i = 0; i < codes.size(); ++i)
        codes[i] = static_cast<int8_t>(std::lround(127 * std::sin(static_cast<double>(i))));
      const int64_t n_blocks = per_block ? kCols / 256 : 1;
      std::vector<float> scales(static_cast<size_t>(kTokens * n_blocks));
      for (size_t i = 0; i < scales.size(); ++i) scales[i] = 0.01f * static_cast<float>(i + 1);
      Ops ops(*backend);
      Tensor q = *backend->allocate({kTokens, kCols}, DType::i8, "q");
      Tensor s = *backend->allocate({kTokens, n_blocks}, DType::f32, "s");
      Tensor y = *backend->allocate({kTokens, kRows}, DType::f32, "y");
      ops.upload(q, std::as_bytes(std::span(codes)));
      ops.upload(s, std::as_bytes(std::span(scales)));
      ops(PackedMatmul{.q = q, .scales = s, .weight = *weight, .expert_ids = {}, .y = y});
      ASSERT_TRUE(ops.finish().ok());
      std::vector<float> result(kTokens * kRows);
      ASSERT_TRUE(backend->download(y, std::as_writable_bytes(std::span(result))).ok());
      const std::vector<float> values = values_of(matrix);
      for (size_t t = 0; t < kTokens; ++t)
        for (size_t n = 0; n < kRows; ++n) {
          double expected = 0, size = 0;
          for (size_t c = 0; c < kCols; ++c) {
            const double x =
                double{scales[t * static_cast<size_t>(n_blocks) + (per_block ? c / 256 : 0)]} * codes[t * kCols + c];
            expected += x * values[n * kCols + c];
            size += std::abs(x * values[n * kCols + c]);
          }
          EXPECT_NEAR(result[t * kRows + n], expected, 1e-6 * size) << name_of(dtype);
        }
    }
}

}  // namespace
}  // namespace tritium
