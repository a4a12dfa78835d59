// Ternary tensors against the layout of each format, one element at a time, and against each other.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "format/codec.h"
#include "tensor/half.h"
#include "tests/format/random_trits.h"

namespace tritium {
namespace {

constexpr StorageType kWithZeros[] = {StorageType::tq1_0, StorageType::tq2_0,         StorageType::i2_s,
                                      StorageType::q2_0,  StorageType::q2_0_group128, StorageType::pq2_0,
                                      StorageType::ptq1_0};
const std::vector<int64_t> kShape{2, 3, 512};

StoredTensor stored(StorageType type, const std::vector<std::byte>& bytes, std::vector<int64_t> shape = kShape) {
  return {.type = type, .shape = std::move(shape), .bytes = bytes};
}

int bit_pair(int byte, int pair) { return (byte >> (2 * pair)) & 3; }
// Digit n of a byte that holds base-3 digits as a fraction of 256.
int base3_digit(int byte, int n) {
  const int powers[] = {1, 3, 9, 27, 81};
  return (((byte * powers[n]) & 255) * 3) >> 8;
}

// The layouts, written as: where is the code of element e? `b` is the block, for i2_s a unit of 32 bytes.
int code_at(StorageType type, const uint8_t* b, int e) {
  switch (type) {
    case StorageType::tq1_0:
      if (e < 160) return base3_digit(b[e % 32], e / 32);
      if (e < 240) return base3_digit(b[32 + (e - 160) % 16], (e - 160) / 16);
      return base3_digit(b[48 + (e - 240) % 4], (e - 240) / 4);
    case StorageType::ptq1_0:
      if (e < 80) return base3_digit(b[e % 16], e / 16);
      if (e < 120) return base3_digit(b[16 + (e - 80) % 8], (e - 80) / 8);
      return base3_digit(b[24 + (e - 120) % 2], (e - 120) / 2);
    case StorageType::tq2_0: return bit_pair(b[e / 128 * 32 + e % 32], e % 128 / 32);
    case StorageType::i2_s: return bit_pair(b[e % 32], 3 - e / 32);
    case StorageType::q1_0: return (b[2 + e / 8] >> (e % 8)) & 1 ? 2 : 0;
    default: return bit_pair(b[2 + e / 4], e % 4);
  }
}

int scale_offset(StorageType type) {
  if (type == StorageType::tq1_0) return 52;
  if (type == StorageType::tq2_0) return 64;
  return type == StorageType::ptq1_0 ? 26 : 0;
}

class TernaryFormat : public testing::TestWithParam<StorageType> {};
INSTANTIATE_TEST_SUITE_P(Types, TernaryFormat, testing::ValuesIn(kWithZeros), [](const auto& info) {
  std::string name(traits_of(info.param).name);
  std::ranges::replace(name, '/', '_');
  return name;
});

TEST_P(TernaryFormat, EveryCodeAndScaleIsWhereTheLayoutSays) {
  const StorageType type = GetParam();
  const bool i2s = type == StorageType::i2_s;
  const TernaryMatrix m = random_trits(2, 3, 512, i2s ? ScaleGranularity::tensor : ScaleGranularity::row, 21);
  const auto bytes = encode_ternary(m, type);
  ASSERT_TRUE(bytes.ok()) << bytes.message();
  ASSERT_EQ(bytes->size(), *storage_bytes(type, kShape));
  const int64_t unit = i2s ? 128 : traits_of(type).block_elements;
  const int64_t unit_bytes = i2s ? 32 : traits_of(type).block_bytes;
  const auto* b = reinterpret_cast<const uint8_t*>(bytes->data());
  for (int64_t e = 0; e < 2 * 3 * 512; ++e) {
    const int64_t k = e / 1536, r = e / 512 % 3, c = e % 512;
    const uint8_t* block = b + e / unit * unit_bytes;
    ASSERT_EQ(code_at(type, block, static_cast<int>(e % unit)) - 1, m.trit(k, r, c)) << e;
    if (i2s) continue;
    uint16_t scale = 0;
    std::memcpy(&scale, block + scale_offset(type), 2);
    ASSERT_EQ(f16_to_f32(scale), m.scale(k, r, c)) << e;
  }
}

TEST_P(TernaryFormat, DecodingGivesBackTritsAndScalesOfEveryGranularityItHolds) {
  const StorageType type = GetParam();
  for (uint64_t seed = 1; seed <= 5; ++seed)
    for (ScaleGranularity granularity : {ScaleGranularity::tensor, ScaleGranularity::row}) {
      if (type == StorageType::i2_s && granularity == ScaleGranularity::row) continue;
      const TernaryMatrix m = random_trits(2, 3, 512, granularity, seed);
      const auto bytes = encode_ternary(m, type);
      ASSERT_TRUE(bytes.ok()) << bytes.message();
      const auto back = decode_ternary(stored(type, *bytes));
      ASSERT_TRUE(back.ok()) << back.message();
      EXPECT_TRUE(same_trits(*back, m)) << "seed " << seed;
      EXPECT_EQ(back->granularity(), granularity);
      EXPECT_TRUE(std::ranges::equal(back->scales(), m.scales()));
    }
}

TEST_P(TernaryFormat, DequantizedValuesAreTritTimesScale) {
  const TernaryMatrix m = random_trits(2, 3, 512, ScaleGranularity::tensor, 8);
  const auto bytes = encode_ternary(m, GetParam());
  ASSERT_TRUE(bytes.ok()) << bytes.message();
  EXPECT_EQ(*decode_f32(stored(GetParam(), *bytes)), m.dequantize());
}

TEST_P(TernaryFormat, TranscodesToEveryOtherFormatWithoutLoss) {
  const TernaryMatrix m = random_trits(2, 3, 512, ScaleGranularity::tensor, 31);
  const auto bytes = encode_ternary(m, GetParam());
  for (StorageType other : kWithZeros) {
    const auto across = encode_ternary(*decode_ternary(stored(GetParam(), *bytes)), other);
    ASSERT_TRUE(across.ok()) << across.message();
    const auto back = encode_ternary(*decode_ternary(stored(other, *across)), GetParam());
    ASSERT_TRUE(back.ok()) << back.message();
    EXPECT_EQ(*back, *bytes) << traits_of(other).name;
  }
}

TEST_P(TernaryFormat, AMatrixOfZerosStaysOne) {
  const auto bytes = encode_ternary(TernaryMatrix(2, 3, 512, ScaleGranularity::row), GetParam());
  ASSERT_TRUE(bytes.ok()) << bytes.message();
  const auto back = decode_ternary(stored(GetParam(), *bytes));
  EXPECT_EQ(back->zero_fraction(), 1.0);
  EXPECT_EQ(back->scales()[0], 0.0f);
}

// Base 3: all 243 values of five digits come back.
TEST(TernaryCodec, EveryCombinationOfFiveTritsSurvivesABase3Byte) {
  for (int value = 0; value < 243; ++value) {
    TernaryMatrix m(1, 1, 256, ScaleGranularity::tensor);
    for (int n = 0, rest = value; n < 5; ++n, rest /= 3) m.set_trit(0, 0, 32 * n, rest % 3 - 1);
    const auto bytes = encode_ternary(m, StorageType::tq1_0);
    EXPECT_TRUE(same_trits(*decode_ternary(stored(StorageType::tq1_0, *bytes, {1, 256})), m)) << value;
  }
}

TEST(TernaryCodec, Q1HoldsSignsOnly) {
  TernaryMatrix m = random_trits(1, 2, 256, ScaleGranularity::row, 3);
  const auto refused = encode_ternary(m, StorageType::q1_0);
  EXPECT_EQ(refused.message(), "Q1_0 has no zeros, row 0 does");
  for (int64_t i = 0; i < 512; ++i)
    if (m.trit(0, i / 256, i % 256) == 0) m.set_trit(0, i / 256, i % 256, 1);
  const auto bytes = encode_ternary(m, StorageType::q1_0);
  ASSERT_TRUE(bytes.ok()) << bytes.message();
  const auto* b = reinterpret_cast<const uint8_t*>(bytes->data());
  for (int e = 0; e < 128; ++e) ASSERT_EQ(code_at(StorageType::q1_0, b, e) - 1, m.trit(0, 0, e)) << e;
  EXPECT_TRUE(same_trits(*decode_ternary(stored(StorageType::q1_0, *bytes, {2, 256})), m));
}

TEST(TernaryCodec, ArmFilesInterleave64CodesIn16Bytes) {
  std::vector<std::byte> bytes(32 + 32);
  for (size_t i = 0; i < 32; ++i) bytes[i] = static_cast<std::byte>(random_bits(9, i) & 0x55);  // codes 0 and 1
  const float scale = 1.0f;
  std::memcpy(&bytes[32], &scale, 4);
  StoredTensor tensor = stored(StorageType::i2_s, bytes, {1, 128});
  tensor.i2s_interleave_64 = true;
  const auto m = decode_ternary(tensor);
  ASSERT_TRUE(m.ok()) << m.message();
  for (int e = 0; e < 128; ++e) {
    const int byte = std::to_integer<int>(bytes[static_cast<size_t>(e / 64 * 16 + e % 16)]);
    ASSERT_EQ(m->trit(0, 0, e), bit_pair(byte, 3 - e % 64 / 16) - 1) << e;
  }
}

TEST(TernaryCodec, TheTailOfI2sIsItsScaleAndZeros) {
  TernaryMatrix m = random_trits(1, 1, 128, ScaleGranularity::tensor, 2);
  m.scales()[0] = 0.1f;  // no f16
  const auto bytes = encode_ternary(m, StorageType::i2_s);
  ASSERT_TRUE(bytes.ok()) << bytes.message();
  float scale = 0;
  std::memcpy(&scale, &(*bytes)[32], 4);
  EXPECT_EQ(scale, 0.1f);
  for (size_t i = 36; i < 64; ++i) EXPECT_EQ((*bytes)[i], std::byte{0});
}

TEST(TernaryCodec, GroupScalesGoWhereTheGroupsFit) {
  const TernaryMatrix m = random_trits(2, 3, 512, ScaleGranularity::group, 4, 128);
  for (StorageType type : {StorageType::q2_0, StorageType::q2_0_group128, StorageType::pq2_0, StorageType::ptq1_0}) {
    const auto bytes = encode_ternary(m, type);
    ASSERT_TRUE(bytes.ok()) << bytes.message();
    EXPECT_EQ(decode_ternary(stored(type, *bytes))->dequantize(), m.dequantize());
  }
  const auto refused = encode_ternary(m, StorageType::tq2_0);
  EXPECT_EQ(refused.code(), StatusCode::invalid_argument);
  EXPECT_NE(refused.message().find("TQ2_0 has one scale for 256 columns, but row 0 has "), std::string::npos)
      << refused.message();
}

TEST(TernaryCodec, I2sRefusesMoreThanOneScale) {
  const auto refused = encode_ternary(random_trits(2, 3, 512, ScaleGranularity::row, 4), StorageType::i2_s);
  EXPECT_EQ(refused.code(), StatusCode::invalid_argument);
  EXPECT_EQ(refused.message(), "I2_S has one scale for a tensor, this one has 6");
}

TEST(TernaryCodec, AScaleThatF16CannotHoldIsRefused) {
  TernaryMatrix m = random_trits(1, 1, 256, ScaleGranularity::tensor, 4);
  for (float scale : {0.1f, 65536.0f, 1e-9f}) {
    m.scales()[0] = scale;
    const auto refused = encode_ternary(m, StorageType::tq1_0);
    EXPECT_EQ(refused.code(), StatusCode::invalid_argument) << scale;
    EXPECT_NE(refused.message().find("TQ1_0 keeps scales as f16, which cannot hold "), std::string::npos);
  }
}

TEST(TernaryCodec, AScaleThatIsNotFiniteIsNeverWritten) {
  for (StorageType type : kWithZeros)
    for (float scale : {std::numeric_limits<float>::infinity(), std::nanf("")}) {
      TernaryMatrix m = random_trits(1, 1, 256, ScaleGranularity::tensor, 4);
      m.scales()[0] = scale;
      EXPECT_EQ(encode_ternary(m, type).code(), StatusCode::invalid_argument) << traits_of(type).name;
    }
}

TEST(TernaryCodec, RowsThatAreNotWholeBlocksAreRefusedWithTheRule) {
  const TernaryMatrix m = random_trits(1, 2, 192, ScaleGranularity::tensor, 4);
  EXPECT_TRUE(encode_ternary(m, StorageType::q2_0).ok());
  EXPECT_TRUE(encode_ternary(m, StorageType::i2_s).ok());
  EXPECT_EQ(encode_ternary(m, StorageType::tq2_0).message(),
            "rows of 192 are not a multiple of 256, which TQ2_0 needs");
  EXPECT_EQ(encode_ternary(m, StorageType::pq2_0).message(),
            "rows of 192 are not a multiple of 128, which PQ2_0 needs");
}

TEST(TernaryCodec, TypesThatAreNotTernaryAreRefused) {
  EXPECT_EQ(encode_ternary(TernaryMatrix(1, 1, 32, ScaleGranularity::tensor), StorageType::q8_0).message(),
            "Q8_0 is not a ternary type");
  const std::vector<std::byte> bytes(4);
  const auto refused = decode_ternary(stored(StorageType::f32, bytes, {1}));
  EXPECT_EQ(refused.code(), StatusCode::unsupported);
  EXPECT_EQ(refused.message(), "is F32, not a ternary type");
}

TEST(TernaryCodec, TheFourthCodeIsCountedAndRefusedButDequantizes) {
  const TernaryMatrix m = random_trits(1, 1, 128, ScaleGranularity::tensor, 6);
  auto bytes = *encode_ternary(m, StorageType::q2_0);
  bytes[2] = std::byte{0x3F};  // elements 0, 1, 2: code 3; element 3: code 0
  const auto refused = decode_ternary(stored(StorageType::q2_0, bytes, {128}));
  EXPECT_EQ(refused.code(), StatusCode::unsupported);
  EXPECT_EQ(refused.message(), "3 of 128 codes are 3 (+2): this tensor is not ternary");
  const auto values = decode_f32(stored(StorageType::q2_0, bytes, {128}));
  ASSERT_TRUE(values.ok()) << values.message();
  EXPECT_EQ((*values)[2], 2 * m.scales()[0]);
  EXPECT_EQ((*values)[3], -m.scales()[0]);
}

TEST(TernaryCodec, AScaleThatIsNotFiniteNamesItsBlock) {
  auto bytes = *encode_ternary(random_trits(1, 3, 256, ScaleGranularity::tensor, 6), StorageType::tq2_0);
  const uint16_t infinity = 0x7C00;
  std::memcpy(&bytes[66 + 64], &infinity, 2);
  const auto refused = decode_ternary(stored(StorageType::tq2_0, bytes, {3, 256}));
  EXPECT_EQ(refused.code(), StatusCode::corrupt_file);
  EXPECT_EQ(refused.message(), "the scale of block 1 is inf");
}

}  // namespace
}  // namespace tritium
