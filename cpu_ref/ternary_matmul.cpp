// Int8 activations times packed trits. Ma et al. 2024 (BitNet b1.58).
#include <algorithm>

#include "cpu_ref/operations.h"
#include "cpu_ref/weight_value.h"

namespace tritium::cpu_ref {

void ternary_matmul(const TernaryMatmulParams& p, std::span<const int8_t> q, std::span<const float> scales,
                    std::span<const uint32_t> words, std::span<const float> weight_scales,
                    std::span<const int32_t> expert_ids, std::span<float> y) {
  const size_t segment = std::min(p.group_size, p.block);
  for (size_t r = 0; r < p.n_rows; ++r) {
    const int64_t matrix = p.routed ? expert_ids[r] : 0;
    const bool exists = matrix >= 0 && matrix < p.n_matrices;
    const size_t row_of_q = r / p.rows_per_x;
    for (size_t n = 0; n < p.out_features; ++n) {
      const size_t weight_row = static_cast<size_t>(exists ? matrix : 0) * p.out_features + n;
      float sum = 0;
      for (size_t first = 0; exists && first < p.padded_cols; first += segment) {
        int integer_sum = 0;
        for (size_t c = first; c < first + segment; ++c)
          integer_sum += trit_at(words, weight_row * p.padded_cols + c) * q[row_of_q * p.padded_cols + c];
        sum =
            shader::accumulate_segment(sum, integer_sum, weight_scales[weight_row * p.n_groups + first / p.group_size],
                                       scales[row_of_q * p.n_blocks + first / p.block]);
      }
      y[r * p.out_features + n] = sum;
    }
  }
}

}  // namespace tritium::cpu_ref
