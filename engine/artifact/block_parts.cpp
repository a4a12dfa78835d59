#include "artifact/block_parts.h"

#include <algorithm>
#include <cstring>
#include <iterator>

#include "format/blocks.h"

namespace tritium::artifact {
namespace {

using Type = StorageType;

// ---- trits: 0, 1, 2, and 3 where two bits say so. Their scale is written by who puts the rest back.

template <Type kType>
void take_trits(const uint8_t* block, uint8_t* codes) {
  decode_ternary_block(kType, block, codes);
}

template <Type kType>
void put_trits(const uint8_t* codes, uint8_t* block) {
  encode_ternary_block(kType, codes, 0, block);
}

void take_i2s(const uint8_t* block, uint8_t* codes) { decode_i2s_unit(block, false, codes); }
void put_i2s(const uint8_t* codes, uint8_t* block) { encode_i2s_unit(codes, block); }

// ---- single bits behind the scale: element j is bit j % 8 of byte j / 8

void take_q1_0(const uint8_t* block, uint8_t* codes) {
  for (int j = 0; j < 128; ++j) codes[j] = (block[2 + j / 8] >> (j % 8)) & 1;
}

void put_q1_0(const uint8_t* codes, uint8_t* block) {
  std::memset(block + 2, 0, 16);
  for (int j = 0; j < 128; ++j) block[2 + j / 8] = static_cast<uint8_t>(block[2 + j / 8] | codes[j] << (j % 8));
}

// ---- 5 bits for four trits: nibble g of the first 32 bytes, and bit g of the next 8 as the highest

void take_stq1_0(const uint8_t* block, uint8_t* codes) {
  for (int g = 0; g < 64; ++g)
    codes[g] = static_cast<uint8_t>(((block[g / 2] >> (4 * (g & 1))) & 15) | ((block[32 + g / 8] >> (g & 7)) & 1) << 4);
}

void put_stq1_0(const uint8_t* codes, uint8_t* block) {
  std::memset(block, 0, 40);
  for (int g = 0; g < 64; ++g) {
    block[g / 2] = static_cast<uint8_t>(block[g / 2] | (codes[g] & 15) << (4 * (g & 1)));
    block[32 + g / 8] = static_cast<uint8_t>(block[32 + g / 8] | (codes[g] >> 4 & 1) << (g & 7));
  }
}

// ---- nibbles: of each run of bytes the low ones, then the high ones

template <int kAt, int kBytes, int kRun>
void take_nibbles(const uint8_t* block, uint8_t* codes) {
  for (int start = 0; start < kBytes; start += kRun)
    for (int i = 0; i < kRun; ++i) {
      const uint8_t byte = block[kAt + start + i];
      codes[2 * start + i] = byte & 15;
      codes[2 * start + kRun + i] = byte >> 4;
    }
}

template <int kAt, int kBytes, int kRun>
void put_nibbles(const uint8_t* codes, uint8_t* block) {
  for (int start = 0; start < kBytes; start += kRun)
    for (int i = 0; i < kRun; ++i)
      block[kAt + start + i] =
          static_cast<uint8_t>((codes[2 * start + i] & 15) | (codes[2 * start + kRun + i] & 15) << 4);
}

// ---- Q6_K: of each 128 elements, element 32 q + i has its low nibble in the low (q < 2) or high half of byte
// 32 (q % 2) + i of 64, and its two high bits at 2 q of byte i of 32, which follow those of all 256

void take_q6_k(const uint8_t* block, uint8_t* codes) {
  for (int half = 0; half < 2; ++half)
    for (int q = 0; q < 4; ++q)
      for (int i = 0; i < 32; ++i) {
        const unsigned low = block[64 * half + 32 * (q % 2) + i] >> (q < 2 ? 0 : 4) & 15;
        const unsigned high = block[128 + 32 * half + i] >> (2 * q) & 3;
        codes[128 * half + 32 * q + i] = static_cast<uint8_t>(low | high << 4);
      }
}

void put_q6_k(const uint8_t* codes, uint8_t* block) {
  std::memset(block, 0, 192);
  for (int half = 0; half < 2; ++half)
    for (int q = 0; q < 4; ++q)
      for (int i = 0; i < 32; ++i) {
        const unsigned code = codes[128 * half + 32 * q + i];
        uint8_t &low = block[64 * half + 32 * (q % 2) + i], &high = block[128 + 32 * half + i];
        low = static_cast<uint8_t>(low | (code & 15) << (q < 2 ? 0 : 4));
        high = static_cast<uint8_t>(high | (code >> 4 & 3) << (2 * q));
      }
}

// ---- signed bytes behind the scale; as -128 … 127 + 128, so that what is seldom is at both ends

void take_q8_0(const uint8_t* block, uint8_t* codes) {
  for (int i = 0; i < 32; ++i) codes[i] = block[2 + i] ^ 0x80;
}

void put_q8_0(const uint8_t* codes, uint8_t* block) {
  for (int i = 0; i < 32; ++i) block[2 + i] = codes[i] ^ 0x80;
}

template <Type kType>
constexpr BlockParts trits(int64_t bytes, int64_t elements, int64_t scale_at) {
  return {kType, bytes, elements, elements, take_trits<kType>, put_trits<kType>, {{scale_at, 2}}};
}

constexpr BlockParts kParts[] = {
    {.type = Type::f32, .bytes = 4, .rest = {{0, 4}}},
    {.type = Type::f16, .bytes = 2, .rest = {{0, 2}}},
    {.type = Type::bf16, .bytes = 2, .rest = {{0, 2}}},
    {Type::q8_0, 34, 32, 32, take_q8_0, put_q8_0, {{0, 2}}},
    {Type::q4_0, 18, 32, 32, take_nibbles<2, 16, 16>, put_nibbles<2, 16, 16>, {{0, 2}}},
    {Type::q4_k, 144, 256, 256, take_nibbles<16, 128, 32>, put_nibbles<16, 128, 32>, {{0, 16}}},
    {Type::q6_k, 210, 256, 256, take_q6_k, put_q6_k, {{192, 18}}},
    trits<Type::tq1_0>(54, 256, 52),
    trits<Type::tq2_0>(66, 256, 64),
    {Type::i2_s, 32, 128, 128, take_i2s, put_i2s, {}},  // the scale follows the last block of the tensor
    {Type::q1_0, 18, 128, 128, take_q1_0, put_q1_0, {{0, 2}}},
    trits<Type::q2_0>(18, 64, 0),
    trits<Type::q2_0_group128>(34, 128, 0),
    trits<Type::pq2_0>(34, 128, 0),
    trits<Type::ptq1_0>(28, 128, 26),
    {Type::stq1_0, 42, 256, 64, take_stq1_0, put_stq1_0, {{40, 2}}},
};

}  // namespace

const BlockParts& parts_of(StorageType type) { return *std::ranges::find(kParts, type, &BlockParts::type); }

}  // namespace tritium::artifact
