#include "cpu/layout/base3_words.h"

#include <array>

#include "cpu/layout/base3.h"

namespace tritium::cpu {
namespace {

// c0 + 3 c1 + 9 c2 + 27 c3 of a byte of codes. Codes are 0 … 2.
constexpr std::array<uint8_t, 256> kValueOfCodes = [] {
  std::array<uint8_t, 256> values{};
  for (int64_t byte = 0; byte < kFifth - 3; ++byte) values[codes_of_base3(byte)] = static_cast<uint8_t>(byte);
  return values;
}();

}  // namespace

void pack_base3(std::span<const uint32_t> chunks, uint32_t* words, int64_t stride) {
  for (size_t unit = 0; unit < chunks.size(); unit += kUnitChunks) {
    const uint32_t* chunk = &chunks[unit];
    for (int64_t five = 0; five < kFives; ++five, chunk += 5)
      for (uint32_t i = 0; i < 4; ++i, words += stride) {
        uint32_t word = 0;
        for (uint32_t bit = 0; bit < 32; bit += 8)
          word |= (kValueOfCodes[chunk[i] >> bit & 0xFFu] + (chunk[4] >> (bit + 2 * i) & 3u) * uint32_t{kFifth}) << bit;
        *words = word;
      }
    *words = *chunk;
    words += stride;
  }
}

void unpack_base3(const uint32_t* words, int64_t stride, std::span<uint32_t> chunks) {
  for (size_t unit = 0; unit < chunks.size(); unit += kUnitChunks) {
    uint32_t* chunk = &chunks[unit];
    for (int64_t five = 0; five < kFives; ++five, chunk += 5) {
      chunk[4] = 0;
      for (uint32_t i = 0; i < 4; ++i, words += stride) {
        chunk[i] = 0;
        for (uint32_t bit = 0; bit < 32; bit += 8) {
          const uint32_t byte = *words >> bit & 0xFFu;
          chunk[i] |= uint32_t{codes_of_base3(byte)} << bit;
          chunk[4] |= uint32_t{fifth_of_base3(byte / 4)} << (bit + 2 * i);
        }
      }
    }
    *chunk = *words;
    words += stride;
  }
}

}  // namespace tritium::cpu
