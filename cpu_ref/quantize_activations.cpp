// q = round(127 x / max |x|), scale = max |x| / 127, for each token or each block of 256. BitNet b1.58, section 2 (Ma
// et al. 2024).
#include <algorithm>
#include <cmath>

#include "base/cancel.h"
#include "ops/quantize_activations.h"
#include "shaders/lib/rounding.h"

namespace tritium::cpu_ref {

void quantize_activations(const QuantizeActivationsParams& p, std::span<const float> x, std::span<int8_t> q,
                          std::span<float> scales) {
  const size_t n_blocks = p.padded_cols / p.block;
  for (size_t r = 0; r < p.n_rows; ++r)
    for (size_t b = 0; b < n_blocks; ++b) {
      check_cancelled_every<16>(b);
      const size_t first = b * p.block;
      const size_t last = std::min<size_t>(first + p.block, p.cols);  // may lie before first: a block of padding
      float largest = 0;
      for (size_t c = first; c < last; ++c) {
        const float magnitude = std::abs(x[r * p.cols + c]);
        if (magnitude > largest || std::isnan(magnitude)) largest = magnitude;  // NaN stays
      }
      const bool zero = !(largest >= TRITIUM_SMALLEST_MAX);
      const float inverse = zero ? 0.0f : shader::exact_quotient(127, largest);
      scales[r * n_blocks + b] = std::isnan(largest) ? NAN : zero ? 0.0f : shader::activation_scale(largest);
      for (size_t c = first; c < first + p.block; ++c) {
        const bool used = c < last && !zero;
        q[r * p.padded_cols + c] = static_cast<int8_t>(used ? shader::quantize_to_int8(x[r * p.cols + c], inverse) : 0);
      }
    }
}

}  // namespace tritium::cpu_ref
