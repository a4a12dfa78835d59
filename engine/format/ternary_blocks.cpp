// Blocks of ternary formats.
#include <algorithm>
#include <array>
#include <cstring>

#include "format/blocks.h"
#include "tensor/half.h"

namespace tritium {
namespace {

void store_u16(uint8_t* p, uint16_t value) { std::memcpy(p, &value, 2); }

// Base 3: a byte b stands for the fraction b / 256; multiplying by 3 moves the next digit into the integer part.
struct Stage {
  int bytes;   // in the stage
  int digits;  // in a byte; element first + n * bytes + m is digit n of byte m
};

constexpr Stage kTq1Stages[] = {{32, 5}, {16, 5}, {4, 4}};
constexpr Stage kPtq1Stages[] = {{16, 5}, {8, 5}, {2, 4}};

// Of a byte: its first four digits, two bits each, and its fifth.
struct Digits {
  uint8_t first_four[256], fifth[256];
};
constexpr Digits kDigits = [] {
  Digits digits{};
  for (unsigned byte = 0; byte < 256; ++byte) {
    unsigned fraction = byte, four = 0;
    for (unsigned n = 0; n < 4; ++n) {
      four |= ((fraction * 3) >> 8) << (2 * n);
      fraction = (fraction * 3) & 255u;
    }
    digits.first_four[byte] = static_cast<uint8_t>(four);
    digits.fifth[byte] = static_cast<uint8_t>((fraction * 3) >> 8);
  }
  return digits;
}();

template <size_t N>
void decode_base3(const Stage (&stages)[N], const uint8_t* in, uint8_t* codes) {
  for (const Stage& s : stages) {
    uint8_t four[32];
    for (int m = 0; m < s.bytes; ++m) four[m] = kDigits.first_four[in[m]];
    for (int n = 0; n < 4; ++n)
      for (int m = 0; m < s.bytes; ++m) codes[n * s.bytes + m] = (four[m] >> (2 * n)) & 3;
    if (s.digits == 5)
      for (int m = 0; m < s.bytes; ++m) codes[4 * s.bytes + m] = kDigits.fifth[in[m]];
    in += s.bytes;
    codes += s.bytes * s.digits;
  }
}

template <size_t N>
void encode_base3(const Stage (&stages)[N], const uint8_t* codes, uint8_t* out) {
  for (const Stage& s : stages) {
    for (int m = 0; m < s.bytes; ++m) {
      unsigned value = 0;  // five digits, the first the most significant; a missing fifth is 0
      for (int n = 0; n < 5; ++n) value = value * 3 + (n < s.digits ? codes[n * s.bytes + m] : 0u);
      out[m] = static_cast<uint8_t>((value * 256 + 242) / 243);  // rounded up, so that the digits come back
    }
    out += s.bytes;
    codes += s.bytes * s.digits;
  }
}

// TQ2_0: element g * 128 + l * 32 + m is bits 2l, 2l + 1 of byte g * 32 + m.
void decode_tq2(const uint8_t* in, uint8_t* codes) {
  for (int g = 0; g < 2; ++g)
    for (int l = 0; l < 4; ++l)
      for (int m = 0; m < 32; ++m) codes[g * 128 + l * 32 + m] = (in[g * 32 + m] >> (2 * l)) & 3;
}

void encode_tq2(const uint8_t* codes, uint8_t* out) {
  for (int g = 0; g < 2; ++g)
    for (int m = 0; m < 32; ++m) {
      unsigned byte = 0;
      for (int l = 0; l < 4; ++l) byte |= static_cast<unsigned>(codes[g * 128 + l * 32 + m]) << (2 * l);
      out[g * 32 + m] = static_cast<uint8_t>(byte);
    }
}

// Q2_0: element j is bits 2 (j % 4) of byte j / 4.
void decode_q2(const uint8_t* in, int64_t elements, uint8_t* codes) {
  for (int64_t j = 0; j < elements; ++j) codes[j] = (in[j / 4] >> (2 * (j % 4))) & 3;
}

void encode_q2(const uint8_t* codes, int64_t elements, uint8_t* out) {
  for (int64_t j = 0; j < elements; j += 4)
    out[j / 4] = static_cast<uint8_t>(codes[j] | (codes[j + 1] << 2) | (codes[j + 2] << 4) | (codes[j + 3] << 6));
}

// STQ1_0: codes of four trits, first in the low bits, of which exactly one is 0 (code 1): 16 with a sign bit of 0, and
// those with the others' signs turned. Tencent's Sherry (Huang et al. 2025).
constexpr uint8_t kFourTrits[16] = {0xA9, 0x89, 0x29, 0x09, 0xA6, 0x86, 0x26, 0x06,
                                    0x9A, 0x92, 0x1A, 0x12, 0x6A, 0x62, 0x4A, 0x42};
constexpr int kNoFour = 32;

uint8_t four_trits(int index) {
  return index < 16 ? kFourTrits[index] : static_cast<uint8_t>(0xAA - kFourTrits[index - 16]);
}

// The way back; kNoFour: not one zero.
constexpr auto kIndexOfFour = [] {
  std::array<uint8_t, 256> indices{};
  indices.fill(kNoFour);
  for (unsigned i = 0; i < 16; ++i) {
    indices[kFourTrits[i]] = static_cast<uint8_t>(i);
    indices[0xAAu - kFourTrits[i]] = static_cast<uint8_t>(16 + i);
  }
  return indices;
}();

// Group g: its four are elements 64 (g / 16) + g % 16 + 16 l; its index, nibble g of the first 32 bytes and bit g of
// the next 8.
void decode_stq1(const uint8_t* in, uint8_t* codes) {
  uint8_t fours[64];
  for (int g = 0; g < 64; ++g) {
    const int nibble = (in[g / 2] >> (4 * (g & 1))) & 15, sign = (in[32 + g / 8] >> (g & 7)) & 1;
    fours[g] = four_trits(16 * sign + nibble);
  }
  for (int quarter = 0; quarter < 4; ++quarter)
    for (int l = 0; l < 4; ++l)
      for (int i = 0; i < 16; ++i) codes[64 * quarter + 16 * l + i] = (fours[16 * quarter + i] >> (2 * l)) & 3;
}

unsigned four_at(const uint8_t* codes, int g) {
  const uint8_t* first = codes + 64 * (g / 16) + g % 16;
  return static_cast<unsigned>(first[0] | first[16] << 2 | first[32] << 4 | first[48] << 6);
}

void encode_stq1(const uint8_t* codes, uint8_t* out) {
  std::memset(out, 0, 40);
  for (int g = 0; g < 64; ++g) {
    const unsigned index = kIndexOfFour[four_at(codes, g)];
    out[g / 2] = static_cast<uint8_t>(out[g / 2] | (index & 15) << (4 * (g & 1)));
    out[32 + g / 8] = static_cast<uint8_t>(out[32 + g / 8] | (index >> 4) << (g & 7));
  }
}

// Types whose block ends with its scale; others begin with it.
bool scale_last(StorageType type) {
  return type == StorageType::tq1_0 || type == StorageType::tq2_0 || type == StorageType::ptq1_0 ||
         type == StorageType::stq1_0;
}

}  // namespace

bool has_one_zero_in_four(const uint8_t* codes) {
  for (int g = 0; g < 64; ++g)
    if (kIndexOfFour[four_at(codes, g)] == kNoFour) return false;
  return true;
}

float decode_ternary_block(StorageType type, const uint8_t* block, uint8_t* codes) {
  const StorageTraits& t = traits_of(type);
  switch (type) {
    case StorageType::tq1_0: decode_base3(kTq1Stages, block, codes); break;
    case StorageType::ptq1_0: decode_base3(kPtq1Stages, block, codes); break;
    case StorageType::tq2_0: decode_tq2(block, codes); break;
    case StorageType::stq1_0: decode_stq1(block, codes); break;
    case StorageType::q1_0:
      for (int j = 0; j < 128; ++j) codes[j] = (block[2 + j / 8] >> (j % 8)) & 1 ? 2 : 0;
      break;
    default: decode_q2(block + 2, t.block_elements, codes); break;
  }
  return f16_to_f32(load_u16(scale_last(type) ? block + t.block_bytes - 2 : block));
}

void encode_ternary_block(StorageType type, const uint8_t* codes, uint16_t scale, uint8_t* block) {
  const StorageTraits& t = traits_of(type);
  switch (type) {
    case StorageType::tq1_0: encode_base3(kTq1Stages, codes, block); break;
    case StorageType::ptq1_0: encode_base3(kPtq1Stages, codes, block); break;
    case StorageType::tq2_0: encode_tq2(codes, block); break;
    case StorageType::stq1_0: encode_stq1(codes, block); break;
    case StorageType::q1_0:
      std::memset(block + 2, 0, 16);
      for (int j = 0; j < 128; ++j)
        if (codes[j] == 2) block[2 + j / 8] = static_cast<uint8_t>(block[2 + j / 8] | (1 << (j % 8)));
      break;
    default: encode_q2(codes, t.block_elements, block + 2); break;
  }
  store_u16(scale_last(type) ? block + t.block_bytes - 2 : block, scale);
}

// Element g * 32 + p is bits 6 - 2g, 7 - 2g of byte p.
void decode_i2s_unit(const uint8_t* bytes, bool interleave_64, uint8_t* codes) {
  const int run = interleave_64 ? 16 : 32;
  for (int start = 0; start < 32; start += run)
    for (int g = 0; g < 4; ++g)
      for (int p = 0; p < run; ++p) codes[4 * start + g * run + p] = (bytes[start + p] >> (6 - 2 * g)) & 3;
}

void encode_i2s_unit(const uint8_t* codes, uint8_t* bytes) {
  for (int p = 0; p < 32; ++p) {
    unsigned byte = 0;
    for (int g = 0; g < 4; ++g) byte |= static_cast<unsigned>(codes[g * 32 + p]) << (6 - 2 * g);
    bytes[p] = static_cast<uint8_t>(byte);
  }
}

}  // namespace tritium
