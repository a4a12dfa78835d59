// base3: rows32 with 20 trits in a word instead of 16, 1.625 bits a trit: what is read from memory for one token.
// A unit of 16 chunks (256 columns) of a row has 13 words: three times four words for five chunks, then the last chunk
// as it is. Of chunks 0 … 4, byte b of word i is
//   c0 + 3 c1 + 9 c2 + 27 c3 + 84 f      c0 … c3: the codes of byte b of chunk i's word; f: code i of byte b of chunk
//   4's
// so a table of 256 bytes gives byte b of chunk i's word, and another one f, which is byte b of plane i of chunk 4
// (kernels/trits.h). Blocks of 32 rows, and the order in them, are those of rows32.
#pragma once

#include <stdint.h>

namespace tritium::cpu {

inline constexpr int64_t kUnitChunks = 16;
inline constexpr int64_t kUnitWords = 13;
inline constexpr int64_t kFives = 3;  // times five chunks in four words
inline constexpr int64_t kFifth = 84;
// Of a row: kernels expand a block of 32 rows on their stack.
inline constexpr int64_t kMostChunksOfBase3 = 2048;

// Words of a row of whole units.
[[gnu::always_inline]] constexpr int64_t base3_words(int64_t chunks) { return chunks / kUnitChunks * kUnitWords; }

// The codes that a byte stands for, as a byte of a word has them.
[[gnu::always_inline]] constexpr uint8_t codes_of_base3(int64_t byte) {
  const int64_t four = byte % kFifth;
  return static_cast<uint8_t>(four % 3 | four / 3 % 3 << 2 | four / 9 % 3 << 4 | four / 27 % 3 << 6);
}
// Bytes 4 q … 4 q + 3 all have this one as their fifth.
[[gnu::always_inline]] constexpr uint8_t fifth_of_base3(int64_t quarter) {
  return static_cast<uint8_t>(4 * quarter / kFifth);
}

}  // namespace tritium::cpu
