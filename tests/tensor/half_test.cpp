// 16-bit floats against the definition of rounding: the nearest representable value, ties to the even one.
#include "tensor/half.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "base/counter_rng.h"

namespace tritium {
namespace {

// value = (-1)^sign * mantissa * 2^exponent, from the fields of the format.
double f16_by_definition(uint16_t bits) {
  const int exponent = (bits >> 10) & 31, mantissa = bits & 1023;
  double magnitude = exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024 + mantissa, exponent - 25);
  if (exponent == 31) magnitude = mantissa ? std::nan("") : std::numeric_limits<double>::infinity();
  return bits & 0x8000 ? -magnitude : magnitude;
}

TEST(Half, EveryF16HasItsValueAndComesBack) {
  for (uint32_t i = 0; i < 65536; ++i) {
    const auto bits = static_cast<uint16_t>(i);
    const float value = f16_to_f32(bits);
    if (std::isnan(f16_by_definition(bits))) {
      ASSERT_TRUE(std::isnan(value)) << i;
      ASSERT_TRUE(std::isnan(f16_to_f32(f32_to_f16(value)))) << i;
    } else {
      ASSERT_EQ(double{value}, f16_by_definition(bits)) << i;
      ASSERT_EQ(f32_to_f16(value), bits) << i;
    }
  }
}

TEST(Half, EveryBf16ComesBack) {
  for (uint32_t i = 0; i < 65536; ++i) {
    const auto bits = static_cast<uint16_t>(i);
    const float value = bf16_to_f32(bits);
    ASSERT_EQ(std::bit_cast<uint32_t>(value), i << 16);
    if (std::isnan(value)) {
      ASSERT_TRUE(std::isnan(bf16_to_f32(f32_to_bf16(value)))) << i;
    } else {
      ASSERT_EQ(f32_to_bf16(value), bits) << i;
    }
  }
}

// Between each two neighbours: just below the middle goes down, the middle to the even one, just above goes up.
template <typename ToFloat, typename ToHalf>
void expect_nearest_even(uint16_t infinity, ToFloat to_float, ToHalf to_half) {
  for (uint16_t low = 0; low + 1 < infinity; ++low) {
    const auto high = static_cast<uint16_t>(low + 1);
    const auto middle = static_cast<float>((double{to_float(low)} + double{to_float(high)}) / 2);
    ASSERT_EQ(to_half(middle), low % 2 == 0 ? low : high) << low;
    ASSERT_EQ(to_half(std::nextafter(middle, 0.0f)), low) << low;
    ASSERT_EQ(to_half(std::nextafter(middle, std::numeric_limits<float>::infinity())), high) << low;
    ASSERT_EQ(to_half(-middle), 0x8000 | (low % 2 == 0 ? low : high)) << low;
  }
}

TEST(Half, F16RoundsToNearestEven) { expect_nearest_even(0x7C00, f16_to_f32, f32_to_f16); }

TEST(Half, Bf16RoundsToNearestEven) {
  // Subnormal middles are exact floats too: bf16 keeps the upper half of a float.
  expect_nearest_even(0x7F00, bf16_to_f32, f32_to_bf16);
}

TEST(Half, ValuesBeyondTheRangeBecomeInfinite) {
  EXPECT_EQ(f32_to_f16(std::nextafter(65520.0f, 0.0f)), 0x7BFF);
  EXPECT_EQ(f32_to_f16(65520.0f), 0x7C00);
  EXPECT_EQ(f32_to_f16(-std::numeric_limits<float>::infinity()), 0xFC00);
  EXPECT_EQ(f32_to_bf16(std::numeric_limits<float>::max()), 0x7F80);
}

TEST(Half, ANanWhoseUpperBitsAreZeroStaysANan) {
  const float nan = std::bit_cast<float>(0x7F800001u);
  EXPECT_TRUE(std::isnan(bf16_to_f32(f32_to_bf16(nan))));
  EXPECT_TRUE(std::isnan(f16_to_f32(f32_to_f16(nan))));
}

}  // namespace
}  // namespace tritium
