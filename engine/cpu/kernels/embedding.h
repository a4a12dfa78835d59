// y[t] = table[tokens[t]] as floats, from f32, f16, bf16 or packed trits.
#pragma once

#include "cpu/kernels.h"
#include "cpu/kernels/dense_matmul.h"

namespace tritium::cpu {
namespace {

// `count` columns from a scale's first one. scale * trit, not a table of three values: that keeps the sign of zero.
template <typename V>
void ternary_values(const uint32_t* words, float scale, int64_t count, float* y) {
  for (int64_t c = 0; c < count; ++c) {
    const uint32_t code = words[c / kChunkColumns * kRowStride] >> (2 * (c % kChunkColumns)) & 3u;
    y[c] = scale * static_cast<float>(static_cast<int32_t>(code) - 1);
  }
}

template <typename V>
void embedding(const EmbeddingParams& p, const Rows32& layout, Range range, const void* table, const float* scales,
               const int32_t* tokens, float* all_y) {
  const int64_t dim = p.dim, group = p.group_size;
  const int64_t row_bytes = static_cast<int64_t>(p.row_stride) * (p.dtype == TRITIUM_DTYPE_F32 ? 4 : 2);
  for (int64_t t = range.first; t < range.last; ++t) {
    float* y = all_y + t * dim;
    if (p.dtype != TRITIUM_DTYPE_TRIT2) {
      dense_row<V>(static_cast<const char*>(table) + tokens[t] * row_bytes, p.dtype, dim, y);
      continue;
    }
    const Rows32::Place at = layout.place_of(tokens[t]);
    for (int64_t start = 0; start < dim; start += group)
      ternary_values<V>(static_cast<const uint32_t*>(table) + layout.word(at, start / kChunkColumns),
                        scales[layout.scale(at, start / group)], group < dim - start ? group : dim - start, y + start);
  }
}

}  // namespace
}  // namespace tritium::cpu
