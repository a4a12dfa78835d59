#include "tensor/packed_layout.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/checked_math.h"
#include "shaders/lib/packed.h"

namespace tritium {
namespace {

constexpr int64_t kColumns = TRITIUM_PACKED_COLUMNS;  // that are packed at a time
using Codes = std::array<uint8_t, kColumns>;

uint32_t load_u16(const uint8_t* p) {
  uint16_t value = 0;
  std::memcpy(&value, p, 2);
  return value;
}

uint32_t four_bytes(const uint8_t* p) {
  uint32_t word = 0;
  std::memcpy(&word, p, 4);
  return word;
}

// Eight columns: byte b has columns b (low nibble) and 4 + b.
uint32_t nibbles(const uint8_t* codes) {
  return (four_bytes(codes) & 0x0F0F0F0Fu) | (four_bytes(codes + 4) & 0x0F0F0F0Fu) << 4;
}

// Sixteen columns: bits 2p, 2p + 1 of byte b are the upper ones of column 4p + b.
uint32_t upper_pairs(const uint8_t* codes) {
  uint32_t word = 0;
  for (uint32_t p = 0; p < 4; ++p) word |= (four_bytes(codes + 4 * p) >> 4 & 0x03030303u) << (2 * p);
  return word;
}

void put_codes(uint32_t bits, const Codes& codes, uint32_t* words) {
  for (size_t c = 0; c < codes.size(); c += 16) {
    const uint8_t* chunk = &codes[c];
    if (bits == 8) {
      for (size_t i = 0; i < 16; i += 4) *words++ = four_bytes(chunk + i);
    } else {
      *words++ = nibbles(chunk);
      *words++ = nibbles(chunk + 8);
      if (bits == 6) *words++ = upper_pairs(chunk);
    }
  }
}

// Blocks of 32 with one scale each: up to eight of them.
void unpack_small_blocks(DType dtype, std::span<const std::byte> row, Codes& codes, uint32_t* scales) {
  const auto block_bytes = static_cast<size_t>(block_of(dtype).bytes);
  const auto* in = reinterpret_cast<const uint8_t*>(row.data());
  for (size_t b = 0; b < 8 && b * block_bytes < row.size(); ++b, in += block_bytes) {
    scales[b / 2] |= load_u16(in) << (16 * (b % 2));
    for (size_t i = 0; i < 32; ++i)
      codes[32 * b + i] = dtype == DType::q8_0 ? static_cast<uint8_t>(in[2 + i] ^ 0x80)
                                               : static_cast<uint8_t>(i < 16 ? in[2 + i] & 15 : in[2 + i - 16] >> 4);
  }
}

void unpack_q4_k(const uint8_t* in, Codes& codes, uint32_t* scales) {
  const uint8_t* packed = in + 4;
  const uint8_t* q = in + 16;
  uint8_t scale[8], minimum[8];
  for (size_t j = 0; j < 8; ++j) {
    scale[j] = static_cast<uint8_t>(j < 4 ? packed[j] & 63 : (packed[j + 4] & 15) | ((packed[j - 4] >> 6) << 4));
    minimum[j] = static_cast<uint8_t>(j < 4 ? packed[j + 4] & 63 : (packed[j + 4] >> 4) | ((packed[j] >> 6) << 4));
    for (size_t l = 0; l < 32; ++l)
      codes[32 * j + l] = static_cast<uint8_t>(j % 2 == 0 ? q[j / 2 * 32 + l] & 15 : q[j / 2 * 32 + l] >> 4);
  }
  scales[0] = four_bytes(in);  // d, dmin
  const uint32_t upper = four_bytes(minimum + 4);
  scales[1] = four_bytes(scale) | (upper & 0x03030303u) << 6;
  scales[2] = four_bytes(scale + 4) | (upper >> 2 & 0x03030303u) << 6;
  scales[3] = four_bytes(minimum) | (upper >> 4 & 0x03030303u) << 6;
}

void unpack_q6_k(const uint8_t* in, Codes& codes, uint32_t* scales) {
  for (size_t half = 0; half < 2; ++half)
    for (size_t quarter = 0; quarter < 4; ++quarter)
      for (size_t l = 0; l < 32; ++l) {
        const unsigned low = in[64 * half + l + 32 * (quarter % 2)], high = in[128 + 32 * half + l];
        codes[128 * half + 32 * quarter + l] =
            static_cast<uint8_t>((quarter < 2 ? low & 15 : low >> 4) | ((high >> (2 * quarter)) & 3) << 4);
      }
  for (size_t i = 0; i < 4; ++i) scales[i] = four_bytes(in + 192 + 4 * i);
  scales[4] = load_u16(in + 208);
}

}  // namespace

PackedRow packed_row(DType dtype, int64_t padded_cols) {
  const int64_t blocks = ceil_div(padded_cols, kColumns);
  const auto type = static_cast<uint32_t>(dtype);
  return {.words = blocks * shader::packed_words(type), .scale_words = blocks * shader::packed_scale_words(type)};
}

void pack_row(DType dtype, std::span<const std::byte> row, std::span<uint32_t> words, std::span<uint32_t> scales) {
  const auto type = static_cast<uint32_t>(dtype);
  const auto block_bytes = static_cast<size_t>(bytes_of(dtype, kColumns));
  const size_t n_words = shader::packed_words(type), n_scales = shader::packed_scale_words(type);
  for (size_t b = 0; b * n_words < words.size(); ++b) {
    Codes codes = {};
    uint32_t* block_scales = &scales[b * n_scales];
    std::memset(block_scales, 0, n_scales * sizeof(uint32_t));
    const auto block = row.subspan(std::min(row.size(), b * block_bytes));
    const auto* in = reinterpret_cast<const uint8_t*>(block.data());
    switch (dtype) {
      case DType::q4_k: unpack_q4_k(in, codes, block_scales); break;
      case DType::q6_k: unpack_q6_k(in, codes, block_scales); break;
      default: unpack_small_blocks(dtype, block, codes, block_scales); break;
    }
    put_codes(shader::packed_bits(type), codes, &words[b * n_words]);
  }
}

}  // namespace tritium
