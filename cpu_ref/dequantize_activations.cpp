// x = scale * q
#include "ops/dequantize_activations.h"

namespace tritium::cpu_ref {

void dequantize_activations(const DequantizeActivationsParams& p, std::span<const int8_t> q,
                            std::span<const float> scales, std::span<float> x) {
  for (size_t r = 0; r < p.n_rows; ++r)
    for (size_t c = 0; c < p.cols; ++c)
      x[r * p.cols + c] = scales[r * p.n_blocks + c / p.block] * static_cast<float>(q[r * p.padded_cols + c]);
}

}  // namespace tritium::cpu_ref
