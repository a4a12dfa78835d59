#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "ops/all.h"
#include "shaders/lib/rounding.h"
#include "tensor/half.h"
#include "tests/ops/finite_difference.h"

namespace tritium {

TEST(StoreKvReference, WritesTheRowsAtThePositionAndNoOthers) {
  const std::vector<float> k = {1, 2}, v = {3, 4};
  std::vector<float> k_cache(4, -1.0f), v_cache(4, -1.0f);
  const StoreKvParams params = {
      .n_tokens = 2, .n_kv_heads = 1, .key_dim = 1, .value_dim = 1, .cache_dtype = TRITIUM_DTYPE_F32};
  const std::vector<int32_t> rows = {0, 1, 1, 1};  // positions 0 and 1 of a sequence whose rows begin at 1
  cpu_ref::store_kv(params, k, v, rows, std::as_writable_bytes(std::span(k_cache)),
                    std::as_writable_bytes(std::span(v_cache)), {}, {});
  EXPECT_EQ(k_cache, (std::vector<float>{-1, 1, 2, -1}));
  EXPECT_EQ(v_cache, (std::vector<float>{-1, 3, 4, -1}));
}

TEST(StoreKvReference, CodesAndTheirScaleAreWithinHalfAStepOfEachHead) {
  std::vector<float> k = random_floats(16, 1);
  for (size_t i = 8; i < 16; ++i) k[i] *= 100.0f;  // the second head
  std::vector<int8_t> k_cache(16), v_cache(8);
  std::vector<float> k_scales(2), v_scales(2);
  cpu_ref::store_kv({.n_tokens = 1, .n_kv_heads = 2, .key_dim = 8, .value_dim = 4, .cache_dtype = TRITIUM_DTYPE_I8}, k,
                    std::vector<float>(8), std::vector<int32_t>{0, 0}, std::as_writable_bytes(std::span(k_cache)),
                    std::as_writable_bytes(std::span(v_cache)), k_scales, v_scales);
  for (size_t i = 0; i < k.size(); ++i)
    EXPECT_NEAR(static_cast<float>(k_cache[i]) * k_scales[i / 8], k[i], 0.5001f * k_scales[i / 8]);
  EXPECT_GT(k_scales[1], 10 * k_scales[0]);
}

TEST(F16Bits, AreThoseOfTheNearestF16EveryTimeThereIsOne) {
  // Each f16, what lies half-way to the next one, and the floats beside that.
  for (uint32_t bits = 0; bits < 0x7BFFu; ++bits) {
    const float low = f16_to_f32(static_cast<uint16_t>(bits)), high = f16_to_f32(static_cast<uint16_t>(bits + 1));
    const float middle = low + (high - low) / 2;
    for (const float x : {low, std::nextafter(middle, low), middle, std::nextafter(middle, high)})
      for (const float value : {x, -x}) ASSERT_EQ(shader::f16_bits(value), f32_to_f16(value)) << value;
  }
}

TEST(F16Bits, WhatIsTooLargeIsTheLargestAndANanStaysOne) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  for (const float x : {65504.0f, 65519.0f, 65520.0f, 1e30f, kInfinity}) {
    EXPECT_EQ(f16_to_f32(static_cast<uint16_t>(shader::f16_bits(x))), 65504.0f) << x;
    EXPECT_EQ(f16_to_f32(static_cast<uint16_t>(shader::f16_bits(-x))), -65504.0f) << x;
  }
  EXPECT_TRUE(std::isnan(f16_to_f32(static_cast<uint16_t>(shader::f16_bits(NAN)))));
}

}  // namespace tritium
