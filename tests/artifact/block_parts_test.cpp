// Blocks of every storage type: what they come apart into is what their values are made of, and goes back together.
#include "artifact/block_parts.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "base/counter_rng.h"
#include "format/codec.h"
#include "tensor/half.h"

namespace tritium::artifact {
namespace {

constexpr StorageType kTypes[] = {
    StorageType::f32,   StorageType::f16,           StorageType::bf16,   StorageType::q8_0,
    StorageType::q4_0,  StorageType::q4_k,          StorageType::q6_k,   StorageType::tq1_0,
    StorageType::tq2_0, StorageType::i2_s,          StorageType::q1_0,   StorageType::q2_0,
    StorageType::pq2_0, StorageType::q2_0_group128, StorageType::ptq1_0, StorageType::stq1_0};

std::vector<uint8_t> random_block(const BlockParts& parts, uint64_t seed) {
  std::vector<uint8_t> block(static_cast<size_t>(parts.bytes));
  for (size_t i = 0; i < block.size(); ++i) block[i] = static_cast<uint8_t>(random_bits(seed, i));
  return block;
}

std::vector<uint8_t> codes_of(const BlockParts& parts, const std::vector<uint8_t>& block) {
  std::vector<uint8_t> codes(static_cast<size_t>(parts.codes));
  parts.take(block.data(), codes.data());
  return codes;
}

TEST(BlockParts, AreOfTheSizesThatTheFormatsHave) {
  for (const StorageType type : kTypes) {
    const BlockParts& parts = parts_of(type);
    const StorageTraits& traits = traits_of(type);
    EXPECT_EQ(parts.type, type);
    // I2_S has blocks of four for its size alone; they are interleaved by 128.
    const int64_t blocks = type == StorageType::i2_s ? kI2sUnit / traits.block_elements : 1;
    EXPECT_EQ(parts.bytes, traits.block_bytes * blocks) << traits.name;
    EXPECT_EQ(parts.elements, traits.block_elements * blocks) << traits.name;
  }
}

TEST(BlockParts, AnyBlockOfWholeBitsGoesBackTogether) {
  for (const StorageType type : kTypes) {
    const BlockParts& parts = parts_of(type);
    if (parts.codes == 0) continue;
    if (type == StorageType::tq1_0 || type == StorageType::ptq1_0) continue;  // of 256 values of a byte 243 are used
    for (uint64_t seed = 0; seed < 20; ++seed) {
      const std::vector<uint8_t> block = random_block(parts, seed);
      std::vector<uint8_t> back(block.size(), 0xAA);
      parts.put(codes_of(parts, block).data(), back.data());
      for (const BlockBytes& rest : parts.rest)
        std::copy_n(block.data() + rest.offset, rest.size, back.data() + rest.offset);
      EXPECT_EQ(back, block) << traits_of(type).name;
    }
  }
}

TEST(BlockParts, CodesAreTheNumbersThatValuesAreMultiplesOf) {
  struct Case {
    StorageType type;
    size_t scale_at;
    int zero;  // the code of 0
  };
  for (const Case c : {Case{StorageType::q8_0, 0, 128},
                       {StorageType::q4_0, 0, 8},
                       {StorageType::tq2_0, 64, 1},
                       {StorageType::q2_0, 0, 1},
                       {StorageType::pq2_0, 0, 1}}) {
    const BlockParts& parts = parts_of(c.type);
    std::vector<uint8_t> block = random_block(parts, 3);
    const uint16_t quarter = f32_to_f16(0.25f);
    std::memcpy(block.data() + c.scale_at, &quarter, 2);
    if (c.type != StorageType::q8_0 && c.type != StorageType::q4_0)
      for (uint8_t& byte : block) byte &= 0xAA;  // codes 0 and 2
    std::memcpy(block.data() + c.scale_at, &quarter, 2);
    const std::vector<int64_t> shape = {1, parts.elements};
    const auto values = decode_f32({.type = c.type, .shape = shape, .bytes = std::as_bytes(std::span(block))});
    ASSERT_TRUE(values.ok()) << values.message();
    const std::vector<uint8_t> codes = codes_of(parts, block);
    for (size_t i = 0; i < codes.size(); ++i)
      ASSERT_EQ((*values)[i], 0.25f * static_cast<float>(codes[i] - c.zero)) << traits_of(c.type).name << " " << i;
  }
}

// value = d scale (q - 32), of each 16 a scale.
TEST(BlockParts, CodesOfQ6KAreItsSixBits) {
  const BlockParts& parts = parts_of(StorageType::q6_k);
  std::vector<uint8_t> block = random_block(parts, 5);
  const uint16_t half = f32_to_f16(0.5f);
  std::memcpy(block.data() + 208, &half, 2);
  const std::vector<int64_t> shape = {1, 256};
  const auto values = decode_f32({.type = StorageType::q6_k, .shape = shape, .bytes = std::as_bytes(std::span(block))});
  ASSERT_TRUE(values.ok()) << values.message();
  const std::vector<uint8_t> codes = codes_of(parts, block);
  for (size_t i = 0; i < 256; ++i) {
    const auto scale = static_cast<float>(static_cast<int8_t>(block[192 + i / 16]));
    ASSERT_EQ((*values)[i], 0.5f * scale * static_cast<float>(codes[i] - 32)) << i;
  }
}

// value = d scale q - dmin minimum, of each 32; with scales of 1 and minima of 0: bytes 4 to 7 and 12 to 15 (low
// nibble).
TEST(BlockParts, CodesOfQ4KAreItsNibbles) {
  const BlockParts& parts = parts_of(StorageType::q4_k);
  std::vector<uint8_t> block = random_block(parts, 6);
  std::fill_n(block.begin(), 16, uint8_t{0});
  const uint16_t two = f32_to_f16(2.0f);
  std::memcpy(block.data(), &two, 2);
  std::fill_n(block.begin() + 4, 4, uint8_t{1});
  std::fill_n(block.begin() + 12, 4, uint8_t{1});
  const std::vector<int64_t> shape = {1, 256};
  const auto values = decode_f32({.type = StorageType::q4_k, .shape = shape, .bytes = std::as_bytes(std::span(block))});
  ASSERT_TRUE(values.ok()) << values.message();
  const std::vector<uint8_t> codes = codes_of(parts, block);
  for (size_t i = 0; i < 256; ++i) ASSERT_EQ((*values)[i], 2.0f * static_cast<float>(codes[i])) << i;
}

}  // namespace
}  // namespace tritium::artifact
