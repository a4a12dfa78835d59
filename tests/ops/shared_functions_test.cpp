// The scalar functions that C++ and GLSL share (shaders/lib), in C++, against their definitions. That GLSL gives the
// same bits is what the operations' exact comparisons on Vulkan show.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "base/counter_rng.h"
#include "shaders/lib/activation.h"
#include "shaders/lib/device_trits.h"
#include "shaders/lib/integers.h"
#include "shaders/lib/rounding.h"
#include "shaders/lib/ternary.h"
#include "tensor/half.h"

namespace tritium::shader {
namespace {

TEST(SharedFunctions, TheQuotientOf127IsCorrectlyRounded) {
  for (uint64_t i = 0; i < 3'000'000; ++i) {
    const auto bits = static_cast<uint32_t>(random_bits(1, i) & 0x7FFFFFFFu);
    const auto m = std::bit_cast<float>(bits);
    if (!std::isfinite(m) || m < TRITIUM_SMALLEST_MAX) continue;
    ASSERT_EQ(exact_quotient(127, m), 127.0f / m) << m;
  }
}

TEST(SharedFunctions, TheQuotientIsRightAtPowersOfTwoAndTheirNeighbours) {
  for (float m = 0x1p-99f; m < 0x1p126f; m *= 2) {
    EXPECT_EQ(exact_quotient(127, m), 127.0f / m);
    EXPECT_EQ(exact_quotient(127, std::nextafter(m, 0.0f)), 127.0f / std::nextafter(m, 0.0f));
    EXPECT_EQ(exact_quotient(127, std::nextafter(m, 1e38f)), 127.0f / std::nextafter(m, 1e38f));
  }
}

TEST(SharedFunctions, QuotientsOfOtherNumbersAreCorrectlyRoundedToo) {
  for (uint32_t n : {1u, 4u, 7u, 15u, 31u, 1000u, 0xFFFFFFu})
    for (uint64_t i = 0; i < 100'000; ++i) {
      const auto m = std::bit_cast<float>(static_cast<uint32_t>(random_bits(n, i) & 0x7FFFFFFFu));
      if (!std::isfinite(m) || m < TRITIUM_SMALLEST_MAX || m > static_cast<float>(n) * 0x1p126f) continue;
      ASSERT_EQ(exact_quotient(n, m), static_cast<float>(n) / m) << n << " / " << m;
    }
}

TEST(SharedFunctions, IntegerRowsRoundToNearestEvenAndClip) {
  for (int qmax : {7, 15, 31, 127}) {
    EXPECT_EQ(quantize_to_integer(1.0f, exact_quotient(static_cast<uint32_t>(qmax), 1.0f), qmax), qmax);
    EXPECT_EQ(quantize_to_integer(2.5f, 1.0f, qmax), 2);
    EXPECT_EQ(quantize_to_integer(-3.5f, 1.0f, qmax), -4);
    EXPECT_EQ(quantize_to_integer(1e3f, 1.0f, qmax), qmax);
    EXPECT_EQ(quantize_to_integer(-1e3f, 1.0f, qmax), -qmax);
    EXPECT_NEAR(integer_scale(3.0f, qmax), 3.0 / qmax, 1e-6);
  }
}

TEST(SharedFunctions, QuantisingRoundsToNearestEvenAndClips) {
  EXPECT_EQ(quantize_to_int8(0.5f, 1.0f), 0);
  EXPECT_EQ(quantize_to_int8(1.5f, 1.0f), 2);
  EXPECT_EQ(quantize_to_int8(-2.5f, 1.0f), -2);
  EXPECT_EQ(quantize_to_int8(1000.0f, 1.0f), 127);
  EXPECT_EQ(quantize_to_int8(-1000.0f, 1.0f), -127);
  EXPECT_EQ(quantize_to_int8(std::numeric_limits<float>::quiet_NaN(), 1.0f), 127);
  for (uint64_t i = 0; i < 100'000; ++i) {
    const auto x = static_cast<float>(254.0 * random_unit(2, i) - 127.0);
    ASSERT_EQ(quantize_to_int8(x, 1.0f), static_cast<int>(std::nearbyint(x))) << x;
  }
}

TEST(SharedFunctions, TritsAndBytesComeOutOfTheirPlaces) {
  constexpr uint32_t kWord = 0b10'01'00'10'01'00'10'01'00'10'01'00'10'01'00'10;
  for (uint32_t i = 0; i < 16; ++i) EXPECT_EQ(unpack_trit(kWord, i), static_cast<int>((kWord >> (2 * i)) & 3) - 1);
  EXPECT_EQ(unpack_i8(0x80FF7F01u, 0), 1);
  EXPECT_EQ(unpack_i8(0x80FF7F01u, 1), 127);
  EXPECT_EQ(unpack_i8(0x80FF7F01u, 2), -1);
  EXPECT_EQ(unpack_i8(0x80FF7F01u, 3), -128);
}

TEST(SharedFunctions, TransposedCodesAreTheSameInOtherPlaces) {
  for (uint64_t i = 0; i < 10'000; ++i) {
    const auto word = static_cast<uint32_t>(random_bits(5, i));
    const uint32_t transposed = transposed_codes(word);
    EXPECT_EQ(transposed_codes(transposed), word);
    for (uint32_t c = 0; c < 16; ++c) ASSERT_EQ(device_code(transposed, c), unpack_code(word, c)) << word << ", " << c;
  }
}

// What a dot product of bytes relies on: neighbours one byte apart.
TEST(SharedFunctions, FourNeighboursLieInFourBytes) {
  for (uint32_t c = 0; c < 16; ++c) EXPECT_EQ(device_shift(c) / 8, c % 4);
}

TEST(SharedFunctions, ActivationsStayFiniteForEveryFiniteInput) {
  for (float x : {0.0f, 1.0f, -1.0f, 88.0f, -88.0f, 1e4f, -1e4f, 1e20f, -1e20f, 3e38f, -3e38f}) {
    EXPECT_TRUE(std::isfinite(silu(x))) << x;
    EXPECT_TRUE(std::isfinite(gelu_tanh(x))) << x;
  }
}

TEST(SharedFunctions, RoundingToF16GivesTheValueThatTheConversionKeeps) {
  for (uint64_t i = 0; i < 20000; ++i) {
    const float value = std::exp2(-30.0f + 48.0f * static_cast<float>(random_unit(3, i)));
    EXPECT_EQ(rounded_to_f16(value), f16_to_f32(f32_to_f16(value))) << value;
  }
  EXPECT_EQ(rounded_to_f16(0.0f), 0.0f);
}

}  // namespace
}  // namespace tritium::shader
