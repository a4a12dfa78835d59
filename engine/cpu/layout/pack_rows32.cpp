// words[block][chunk][lane] = row_words[row][chunk], and the same of scales.
#include "cpu/layout/pack_rows32.h"

namespace tritium::cpu {

Rows32 rows32_of(const Weight& weight) {
  return {.rows = weight.rows, .chunks = weight.row_stride / kChunkColumns, .groups = weight.groups_per_row()};
}

Shape words_shape(const Weight& weight) {
  return {weight.n_matrices, rows32_of(weight).blocks() * kBlockRows, weight.row_stride};
}

Shape scales_shape(const Weight& weight) {
  return {weight.n_matrices, rows32_of(weight).blocks(), weight.groups_per_row(), kBlockRows};
}

void pack_block(const Rows32& layout, int64_t block, const uint32_t* row_words, const float* row_scales,
                uint32_t* words, float* scales) {
  const int64_t first_row = layout.first_row(block), n_rows = layout.rows_in(block);
  for (int64_t c = 0; c < layout.chunks; ++c)
    for (int64_t r = 0; r < kBlockRows; ++r)
      words[layout.word({block, r}, c)] = r < n_rows ? row_words[(first_row + r) * layout.chunks + c] : 0;
  for (int64_t g = 0; g < layout.groups; ++g)
    for (int64_t r = 0; r < n_rows; ++r)
      scales[layout.scale({block, r}, g)] = row_scales[(first_row + r) * layout.groups + g];
}

void unpack_row(const Rows32& layout, int64_t row, const uint32_t* words, const float* scales,
                std::vector<uint32_t>& row_words, std::vector<float>& row_scales) {
  const Rows32::Place at = layout.place_of(row);
  for (int64_t c = 0; c < layout.chunks; ++c) row_words.push_back(words[layout.word(at, c)]);
  for (int64_t g = 0; g < layout.groups; ++g) row_scales.push_back(scales[layout.scale(at, g)]);
}

}  // namespace tritium::cpu
