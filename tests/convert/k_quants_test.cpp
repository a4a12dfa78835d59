// Blocks of small integers with scales: how far what comes back is from what went in.
#include "format/k_quants.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "base/counter_rng.h"
#include "format/codec.h"

namespace tritium {
namespace {

std::vector<float> random_values(size_t n, uint64_t seed) {
  std::vector<float> values(n);
  for (size_t i = 0; i < n; ++i)
    values[i] = static_cast<float>(random_normal(seed, i) * (1.0 + 0.1 * double(i / 32 % 7)));
  return values;
}

double relative_error(const std::vector<float>& values, StorageType type) {
  const std::vector<int64_t> shape = {static_cast<int64_t>(values.size() / 256), 256};
  const auto bytes = encode_values(values, shape, type);
  EXPECT_TRUE(bytes.ok()) << bytes.message();
  const auto back = decode_f32({.type = type, .shape = shape, .bytes = *bytes});
  EXPECT_TRUE(back.ok()) << back.message();
  double errors = 0, squares = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    errors += std::pow(double{values[i]} - (*back)[i], 2);
    squares += std::pow(double{values[i]}, 2);
  }
  return squares > 0 ? std::sqrt(errors / squares) : std::sqrt(errors);
}

TEST(KQuants, NormalValuesComeBackWithinTheTypesSteps) {
  const auto values = random_values(size_t{256} * 64, 1);
  EXPECT_LT(relative_error(values, StorageType::q4_k), 0.085);
  EXPECT_LT(relative_error(values, StorageType::q6_k), 0.025);
  EXPECT_LT(relative_error(values, StorageType::q8_0), 0.008);
  EXPECT_LT(relative_error(values, StorageType::q4_0), 0.11);
}

TEST(KQuants, ValuesOfTheGridComeBackExactly) {
  std::vector<float> values(256);
  for (size_t i = 0; i < 256; ++i) values[i] = 0.5f * static_cast<float>(static_cast<int>(i % 16) - 8);
  EXPECT_LT(relative_error(values, StorageType::q6_k), 2e-3);
  EXPECT_LT(relative_error(values, StorageType::q4_k), 2e-2);
}

TEST(KQuants, ZerosAndOneSidedValuesKeepTheirSide) {
  for (const float value : {0.0f, 1.0f, -1.0f, 0.25f}) {
    const std::vector<float> values(256, value);
    EXPECT_LT(relative_error(values, StorageType::q4_k), 0.02) << value;
    EXPECT_LT(relative_error(values, StorageType::q6_k), 0.02) << value;
  }
}

TEST(KQuants, ValuesThatNothingHoldsAreRefused) {
  const std::vector<int64_t> shape = {1, 256};
  for (const float bad : {NAN, INFINITY, 1e30f}) {
    std::vector<float> values(256, 1.0f);
    values[7] = bad;
    for (const StorageType type : {StorageType::q4_k, StorageType::q6_k}) {
      const auto bytes = encode_values(values, shape, type);
      EXPECT_EQ(bytes.code(), StatusCode::invalid_argument);
      EXPECT_EQ(bytes.message().rfind("element 7 is ", 0), 0u) << bytes.message();
    }
  }
}

// value = d (q - 8), the first 16 in low nibbles.
TEST(KQuants, Q4_0KeepsTheLargestValueExactly) {
  std::array<float, 32> values{};
  for (size_t i = 0; i < 32; ++i) values[i] = static_cast<float>(i % 8);
  values[31] = -8;
  std::array<uint8_t, 18> block{};
  encode_q4_0(values.data(), block.data());
  EXPECT_EQ(block[0], 0x00);
  EXPECT_EQ(block[1], 0x3C);  // 1.0
  for (size_t i = 0; i < 16; ++i) {
    EXPECT_EQ((block[2 + i] & 15) - 8, static_cast<int>(values[i]));
    EXPECT_EQ((block[2 + i] >> 4) - 8, static_cast<int>(values[16 + i]));
  }
}

}  // namespace
}  // namespace tritium
