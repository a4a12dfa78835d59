// q = round(127 x / max |x|), scale = max |x| / 127, for each token or each block of 256. BitNet b1.58, section 2 (Ma
// et al. 2024).
#include <algorithm>

#include "base/cancel.h"
#include "cpu_ref/int8_block.h"
#include "ops/quantize_activations.h"

namespace tritium::cpu_ref {

void quantize_activations(const QuantizeActivationsParams& p, std::span<const float> x, std::span<int8_t> q,
                          std::span<float> scales) {
  const size_t n_blocks = p.padded_cols / p.block;
  for (size_t r = 0; r < p.n_rows; ++r)
    for (size_t b = 0; b < n_blocks; ++b) {
      check_cancelled_every<16>(b);
      const size_t first = std::min<size_t>(b * p.block, p.cols);
      const size_t used = std::min<size_t>(p.block, p.cols - first);  // 0 of a block of padding
      const auto codes = q.subspan(r * p.padded_cols + b * p.block, p.block);
      scales[r * n_blocks + b] = quantize_block(x.subspan(r * p.cols + first, used), codes);
      std::ranges::fill(codes.subspan(used), int8_t{0});
    }
}

}  // namespace tritium::cpu_ref
