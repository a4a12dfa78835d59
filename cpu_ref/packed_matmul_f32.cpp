// y = x W^T, x floats, W the values of integers in blocks: the exact product that packed_matmul approximates.
#include "ops/packed_matmul_f32.h"
#include "base/cancel.h"
#include "cpu_ref/packed_block.h"

namespace tritium::cpu_ref {

void packed_matmul_f32(const PackedMatmulF32Params& p, std::span<const float> x, std::span<const uint32_t> words,
                       std::span<const uint32_t> weight_scales, std::span<const int32_t> expert_ids,
                       std::span<float> y) {
  constexpr uint32_t kColumns = TRITIUM_PACKED_COLUMNS;
  const size_t blocks = p.padded_cols / kColumns;
  for (size_t r = 0; r < p.n_rows; ++r) {
    const int64_t matrix = p.routed ? expert_ids[r] : 0;
    const bool exists = matrix >= 0 && matrix < p.n_matrices;
    const auto row_of_x = x.subspan(r / p.rows_per_x * p.cols, p.cols);
    for (size_t n = 0; n < p.out_features; ++n) {
      check_cancelled_every<64>(n);
      const size_t weight_row = static_cast<size_t>(exists ? matrix : 0) * p.out_features + n;
      double sum = 0;
      for (uint32_t c = 0; exists && c < p.cols; ++c)
        sum += double{row_of_x[c]} *
               PackedBlock(p.dtype, words, weight_scales, weight_row * blocks + c / kColumns).value(c % kColumns);
      y[r * p.out_features + n] = static_cast<float>(sum);
    }
  }
}

}  // namespace tritium::cpu_ref
