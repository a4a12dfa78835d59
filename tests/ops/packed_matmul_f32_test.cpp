#include "ops/packed_matmul_f32.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "cpu_ref/reference_backend.h"
#include "ops/ops.h"
#include "tensor/half.h"

namespace tritium {

// Two blocks of q8_0: 0.5 * (-64 … -33) and 2 * (1, 1, …).
TEST(PackedMatmulF32Reference, MultipliesFloatsWithTheDecodedValues) {
  DenseMatrix matrix{.rows = 1, .cols = 64, .dtype = DType::q8_0, .bytes = std::vector<std::byte>(68)};
  const uint16_t scales[] = {f32_to_f16(0.5f), f32_to_f16(2.0f)};
  for (size_t b = 0; b < 2; ++b) {
    std::memcpy(&matrix.bytes[34 * b], &scales[b], 2);
    for (size_t i = 0; i < 32; ++i)
      matrix.bytes[34 * b + 2 + i] = static_cast<std::byte>(static_cast<int8_t>(b == 0 ? static_cast<int>(i) - 64 : 1));
  }
  std::vector<float> x(64);
  double expected = 0;
  for (size_t c = 0; c < 64; ++c) {
    x[c] = static_cast<float>(c) - 10.0f;
    expected += x[c] * (c < 32 ? 0.5 * (static_cast<double>(c) - 64) : 2.0);
  }
  const auto backend = make_reference_backend();
  const Result<Weight> weight = backend->upload_weight(matrix, "w");
  ASSERT_TRUE(weight.ok()) << weight.message();
  Ops ops(*backend);
  Tensor input = *backend->allocate({1, 64}, DType::f32, "x");
  Tensor y = *backend->allocate({1, 1}, DType::f32, "y");
  ops.upload(input, std::as_bytes(std::span(x)));
  ops(PackedMatmulF32{.x = input, .weight = *weight, .expert_ids = {}, .y = y});
  ASSERT_TRUE(ops.finish().ok());
  float result = 0;
  ASSERT_TRUE(backend->download(y, std::as_writable_bytes(std::span(&result, 1))).ok());
  EXPECT_EQ(result, static_cast<float>(expected));
}

}  // namespace tritium
