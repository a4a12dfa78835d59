// Blocks of ternary formats.
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

template <size_t N>
void decode_base3(const Stage (&stages)[N], const uint8_t* in, uint8_t* codes) {
  for (const Stage& s : stages) {
    for (int m = 0; m < s.bytes; ++m) {
      auto fraction = static_cast<unsigned>(in[m]);
      for (int n = 0; n < s.digits; ++n) {
        codes[n * s.bytes + m] = static_cast<uint8_t>((fraction * 3) >> 8);
        fraction = (fraction * 3) & 255u;
      }
    }
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

}  // namespace

float decode_ternary_block(StorageType type, const uint8_t* block, uint8_t* codes) {
  const StorageTraits& t = traits_of(type);
  switch (type) {
    case StorageType::tq1_0: decode_base3(kTq1Stages, block, codes); break;
    case StorageType::ptq1_0: decode_base3(kPtq1Stages, block, codes); break;
    case StorageType::tq2_0: decode_tq2(block, codes); break;
    case StorageType::q1_0:
      for (int j = 0; j < 128; ++j) codes[j] = (block[2 + j / 8] >> (j % 8)) & 1 ? 2 : 0;
      break;
    default: decode_q2(block + 2, t.block_elements, codes); break;
  }
  const bool scale_last = type == StorageType::tq1_0 || type == StorageType::tq2_0 || type == StorageType::ptq1_0;
  return f16_to_f32(load_u16(scale_last ? block + t.block_bytes - 2 : block));
}

void encode_ternary_block(StorageType type, const uint8_t* codes, uint16_t scale, uint8_t* block) {
  const StorageTraits& t = traits_of(type);
  switch (type) {
    case StorageType::tq1_0: encode_base3(kTq1Stages, codes, block); break;
    case StorageType::ptq1_0: encode_base3(kPtq1Stages, codes, block); break;
    case StorageType::tq2_0: encode_tq2(codes, block); break;
    case StorageType::q1_0:
      std::memset(block + 2, 0, 16);
      for (int j = 0; j < 128; ++j)
        if (codes[j] == 2) block[2 + j / 8] = static_cast<uint8_t>(block[2 + j / 8] | (1 << (j % 8)));
      break;
    default: encode_q2(codes, t.block_elements, block + 2); break;
  }
  const bool scale_last = type == StorageType::tq1_0 || type == StorageType::tq2_0 || type == StorageType::ptq1_0;
  store_u16(scale_last ? block + t.block_bytes - 2 : block, scale);
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

float decode_ternary_block(const StoredTensor& t, int64_t block, uint8_t* codes) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(t.bytes.data());
  if (t.type != StorageType::i2_s)
    return decode_ternary_block(t.type, bytes + block * traits_of(t.type).block_bytes, codes);
  decode_i2s_unit(bytes + block * kI2sUnit / 4, t.i2s_interleave_64, codes);
  float scale = 0;
  std::memcpy(&scale, bytes + t.bytes.size() - kI2sTail, 4);
  return scale;
}

}  // namespace tritium
