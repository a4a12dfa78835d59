// Floating-point and k-quant tensors against their layouts, one element at a time.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "base/counter_rng.h"
#include "format/codec.h"
#include "tensor/half.h"

namespace tritium {
namespace {

StoredTensor stored(StorageType type, const std::vector<std::byte>& bytes, std::vector<int64_t> shape) {
  return {.type = type, .shape = std::move(shape), .bytes = bytes};
}

// A block of random bytes, with the f16 at `offset` a power of two: products then are exact.
std::vector<std::byte> random_block(size_t size, std::initializer_list<size_t> f16_offsets, uint64_t seed) {
  std::vector<std::byte> block(size);
  for (size_t i = 0; i < size; ++i) block[i] = static_cast<std::byte>(random_bits(seed, i));
  for (size_t offset : f16_offsets) {
    const uint16_t power = f32_to_f16(std::ldexp(1.0f, -static_cast<int>(random_bits(seed, 1000 + offset) % 12)));
    std::memcpy(&block[offset], &power, 2);
  }
  return block;
}

int at(const std::vector<std::byte>& block, int i) { return std::to_integer<int>(block[static_cast<size_t>(i)]); }

float f16_at(const std::vector<std::byte>& block, size_t i) {
  uint16_t bits = 0;
  std::memcpy(&bits, &block[i], 2);
  return f16_to_f32(bits);
}

TEST(DenseCodec, Q4kHasASixBitScaleAndMinimumForEach32Values) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    const auto block = random_block(144, {0, 2}, seed);
    const auto values = decode_f32(stored(StorageType::q4_k, block, {256}));
    ASSERT_TRUE(values.ok()) << values.message();
    for (int e = 0; e < 256; ++e) {
      const int g = e / 32;
      // Scales 0-3 and minima 0-3 are the low six bits of bytes 0-3 and 4-7, whose upper bits are bits 4 and 5 of
      // scales and minima 4-7; bytes 8-11 hold the lower nibbles of those.
      const int s = g < 4 ? at(block, 4 + g) % 64 : at(block, 8 + g) % 16 + at(block, g) / 64 * 16;
      const int m = g < 4 ? at(block, 8 + g) % 64 : at(block, 8 + g) / 16 + at(block, 4 + g) / 64 * 16;
      const int byte = at(block, 16 + e / 64 * 32 + e % 32);
      const int q = g % 2 == 0 ? byte % 16 : byte / 16;
      const double expected = double{f16_at(block, 0)} * s * q - double{f16_at(block, 2)} * m;
      ASSERT_EQ(double{(*values)[static_cast<size_t>(e)]}, expected) << "seed " << seed << " element " << e;
    }
  }
}

TEST(DenseCodec, Q6kHasASignedScaleForEach16Values) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    const auto block = random_block(210, {208}, seed);
    const auto values = decode_f32(stored(StorageType::q6_k, block, {256}));
    ASSERT_TRUE(values.ok()) << values.message();
    for (int e = 0; e < 256; ++e) {
      const int half = e / 128, quarter = e % 128 / 32, l = e % 32;
      const int low = at(block, 64 * half + quarter % 2 * 32 + l) >> (quarter / 2 * 4) & 15;
      const int high = at(block, 128 + 32 * half + l) >> (2 * quarter) & 3;
      const int scale = static_cast<int8_t>(at(block, 192 + e / 16));
      const double expected = double{f16_at(block, 208)} * scale * (low + 16 * high - 32);
      ASSERT_EQ(double{(*values)[static_cast<size_t>(e)]}, expected) << "seed " << seed << " element " << e;
    }
  }
}

TEST(DenseCodec, Q8IsAnF16ScaleAndSignedBytes) {
  const auto block = random_block(34, {0}, 3);
  const auto values = decode_f32(stored(StorageType::q8_0, block, {32}));
  for (int e = 0; e < 32; ++e)
    ASSERT_EQ((*values)[static_cast<size_t>(e)],
              f16_at(block, 0) * static_cast<float>(static_cast<int8_t>(at(block, 2 + e))));
}

TEST(DenseCodec, Q8IsWithinHalfAStepOfTheValues) {
  std::vector<float> values(64 * 32);
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<float>(std::exp2(random_unit(1, i / 32) * 40 - 20) * random_normal(2, i));
  const std::vector<int64_t> shape{64, 32};
  const auto bytes = encode_f32(values, shape, StorageType::q8_0);
  ASSERT_TRUE(bytes.ok()) << bytes.message();
  const auto back = *decode_f32(stored(StorageType::q8_0, *bytes, shape));
  for (size_t block = 0; block < 64; ++block) {
    double largest = 0;
    for (size_t i = 0; i < 32; ++i) largest = std::max(largest, std::abs(double{values[block * 32 + i]}));
    // Half a step for the rounding of the value; the rounding of the scale to f16 (2^-11 of it, or 2^-25 where f16 is
    // subnormal) is multiplied by at most 127.
    const double step = largest / 127;
    const double bound = step / 2 + 127 * std::max(step * 0x1p-11, 0x1p-25) + 1e-6 * largest;
    for (size_t i = 0; i < 32; ++i) ASSERT_NEAR(back[block * 32 + i], values[block * 32 + i], bound) << block;
  }
}

TEST(DenseCodec, FloatsOfEachWidthAreRoundedOnce) {
  std::vector<float> values(96);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(random_normal(7, i));
  const std::vector<int64_t> shape{3, 32};
  EXPECT_EQ(*decode_f32(stored(StorageType::f32, *encode_f32(values, shape, StorageType::f32), shape)), values);
  const auto half = *decode_f32(stored(StorageType::f16, *encode_f32(values, shape, StorageType::f16), shape));
  const auto brain = *decode_f32(stored(StorageType::bf16, *encode_f32(values, shape, StorageType::bf16), shape));
  for (size_t i = 0; i < values.size(); ++i) {
    EXPECT_EQ(half[i], f16_to_f32(f32_to_f16(values[i])));
    EXPECT_EQ(brain[i], bf16_to_f32(f32_to_bf16(values[i])));
  }
}

TEST(DenseCodec, ValuesBeyondATypesRangeAreRefused) {
  const std::vector<int64_t> shape{32};
  const std::pair<StorageType, float> first_too_large[] = {{StorageType::f32, std::numeric_limits<float>::infinity()},
                                                           {StorageType::f16, 65520.0f},
                                                           {StorageType::bf16, 0x1.FFp127f},
                                                           {StorageType::q8_0, 127 * 65520.0f}};
  for (const auto& [type, limit] : first_too_large) {
    std::vector<float> values(32, 1.0f);
    values[9] = -std::nextafter(limit, 0.0f);
    const auto bytes = encode_f32(values, shape, type);
    ASSERT_TRUE(bytes.ok()) << bytes.message();
    EXPECT_TRUE(decode_f32(stored(type, *bytes, shape)).ok()) << traits_of(type).name;
    for (float bad : {limit, -limit, std::nanf("")}) {
      values[9] = bad;
      const auto refused = encode_f32(values, shape, type);
      EXPECT_EQ(refused.code(), StatusCode::invalid_argument);
      EXPECT_EQ(refused.message().rfind("element 9 is ", 0), 0u) << refused.message();
    }
  }
}

TEST(DenseCodec, KQuantsAreReadOnly) {
  const std::vector<int64_t> shape{256};
  const auto refused = encode_f32(std::vector<float>(256), shape, StorageType::q4_k);
  EXPECT_EQ(refused.message(), "floats cannot be written as Q4_K; F32, F16, BF16 and Q8_0 can");
}

TEST(DenseCodec, AValueThatIsNotFiniteNamesItsElement) {
  const std::vector<float> values{0.0f, 1.0f, std::nanf(""), std::numeric_limits<float>::infinity()};
  std::vector<std::byte> bytes(16);
  std::memcpy(bytes.data(), values.data(), 16);
  EXPECT_EQ(decode_f32(stored(StorageType::f32, bytes, {4})).message(), "element 2 is nan");
  EXPECT_EQ(decode_dense(stored(StorageType::f32, bytes, {4})).message(), "element 2 is nan");
}

TEST(DenseCodec, DenseMatricesKeepFloatsAndTurnTheRestIntoF16) {
  const std::vector<float> values(64, 1.5f);
  const std::vector<int64_t> shape{2, 32};
  const auto as = [&](StorageType type) {
    return *decode_dense(stored(type, *encode_f32(values, shape, type), shape));
  };
  EXPECT_EQ(as(StorageType::f32).dtype, DType::f32);
  EXPECT_EQ(as(StorageType::bf16).dtype, DType::bf16);
  const DenseMatrix m = as(StorageType::q8_0);
  EXPECT_EQ(m.dtype, DType::f16);
  EXPECT_EQ(m.shape(), (Shape{1, 2, 32}));
  uint16_t first = 0;
  std::memcpy(&first, m.bytes.data(), 2);
  EXPECT_NEAR(f16_to_f32(first), 1.5f, 1.5 / 127);
}

TEST(DenseCodec, ValuesThatF16CannotHoldAreKeptAsF32) {
  const std::vector<float> values(32, 1e6f);
  const std::vector<int64_t> shape{1, 32};
  const DenseMatrix m = *decode_dense(stored(StorageType::q8_0, *encode_f32(values, shape, StorageType::q8_0), shape));
  ASSERT_EQ(m.dtype, DType::f32);
  float first = 0;
  std::memcpy(&first, m.bytes.data(), 4);
  EXPECT_NEAR(first, 1e6f, 1e6 / 127);
}

}  // namespace
}  // namespace tritium
