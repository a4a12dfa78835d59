// rows32: the order of words of packed trits on this backend: blocks of 32 rows; a block holds, chunk after chunk of 16
// columns, the 32-bit word of each row. So a vector's lanes are rows, no sum runs across lanes, and one thread reads
// one sequential stream. Nothing outside this folder knows it.
//   word of (matrix, row, column c): [matrix][row / 32][c / 16][row % 32]; scale: [matrix][row / 32][group][row % 32]
// Rows that fill up a matrix's last block hold code 0 and scale 0.
//
// Kernels include this: what is inline must be always_inline (kernels.h says why).
#pragma once

#include <stdint.h>

namespace tritium::cpu {

inline constexpr int64_t kBlockRows = 32;
inline constexpr int64_t kChunkColumns = 16;
inline constexpr int64_t kRowStride = kBlockRows;  // from a row's word to its next, from its scale to its next

struct Rows32 {
  int64_t rows;    // of a matrix
  int64_t chunks;  // of a row: its words
  int64_t groups;  // of a row: its scales

  // Where a row lies: the block counted over all matrices of a stack, the row in it.
  struct Place {
    int64_t block, lane;
  };

  [[gnu::always_inline]] constexpr int64_t blocks() const { return (rows + kBlockRows - 1) / kBlockRows; }
  [[gnu::always_inline]] constexpr Place first_of(int64_t matrix) const { return {matrix * blocks(), 0}; }
  [[gnu::always_inline]] static constexpr Place in_matrix(int64_t row) { return {row / kBlockRows, row % kBlockRows}; }
  // `row` counts over all matrices.
  [[gnu::always_inline]] constexpr Place place_of(int64_t row) const {
    return {row / rows * blocks() + row % rows / kBlockRows, row % rows % kBlockRows};
  }
  // Rows of a stack's block that are a matrix's, counted over all matrices.
  [[gnu::always_inline]] constexpr int64_t first_row(int64_t block) const {
    return block / blocks() * rows + block % blocks() * kBlockRows;
  }
  [[gnu::always_inline]] constexpr int64_t rows_in(int64_t block) const {
    const int64_t left = rows - block % blocks() * kBlockRows;
    return left < kBlockRows ? left : kBlockRows;
  }
  // Indices into the planes of words and of scales; those of the other rows of the block follow.
  [[gnu::always_inline]] constexpr int64_t word(Place at, int64_t chunk) const {
    return (at.block * chunks + chunk) * kBlockRows + at.lane;
  }
  [[gnu::always_inline]] constexpr int64_t scale(Place at, int64_t group) const {
    return (at.block * groups + group) * kBlockRows + at.lane;
  }
};

}  // namespace tritium::cpu
