// y = x W^T, x int8 codes times scales, W integers in blocks with their scales (the k-quants and Q8_0, Q4_0 of GGUF).
#include "ops/packed_matmul.h"
#include "base/cancel.h"
#include "cpu_ref/packed_block.h"
#include "shaders/lib/ternary.h"

namespace tritium::cpu_ref {
namespace {

// A row of outputs: what the scaled integers add up to, and what the minima do.
struct Sums {
  float scaled = 0;
  float minima = 0;
};

// Sums over 16 columns: of w q, and of q.
struct Sixteen {
  int products[16] = {};
  int activations[16] = {};
};

Sixteen sums_of(const PackedBlock& block, std::span<const int8_t> q) {
  Sixteen sums;
  for (uint32_t c = 0; c < q.size(); ++c) {
    sums.products[c / 16] += block.integer(c) * q[c];
    sums.activations[c / 16] += q[c];
  }
  return sums;
}

void add_block(Sums& sums, uint32_t dtype, const PackedBlock& block, std::span<const int8_t> q, float x_scale) {
  const Sixteen s = sums_of(block, q);
  const auto of_32 = [](const int* sixteens, uint32_t part) { return sixteens[2 * part] + sixteens[2 * part + 1]; };
  int scaled = 0, minima = 0;
  if (dtype == TRITIUM_DTYPE_Q6_K) {
    for (uint32_t part = 0; part < 16; ++part)
      scaled += shader::packed_q6_k_scale(block.scale_word(part / 4), part) * s.products[part];
    sums.scaled = shader::accumulate_segment(sums.scaled, scaled, shader::half_value(block.scale_word(4)), x_scale);
  } else if (dtype == TRITIUM_DTYPE_Q4_K) {
    const uint32_t d = block.scale_word(0), w1 = block.scale_word(1), w2 = block.scale_word(2),
                   w3 = block.scale_word(3);
    for (uint32_t part = 0; part < 8; ++part) {
      scaled += shader::packed_q4_k_scale(w1, w2, part) * of_32(s.products, part);
      minima += shader::packed_q4_k_minimum(w1, w2, w3, part) * of_32(s.activations, part);
    }
    sums.scaled = shader::accumulate_segment(sums.scaled, scaled, shader::half_value(d & 0xFFFFu), x_scale);
    sums.minima = shader::accumulate_segment(sums.minima, minima, shader::half_value(d >> 16), x_scale);
  } else {
    for (uint32_t part = 0; part < 8; ++part)
      sums.scaled = shader::accumulate_segment(sums.scaled, of_32(s.products, part),
                                               shader::packed_small_scale(block.scale_word(part / 2), part), x_scale);
  }
}

}  // namespace

void packed_matmul(const PackedMatmulParams& p, std::span<const int8_t> q, std::span<const float> scales,
                   std::span<const uint32_t> words, std::span<const uint32_t> weight_scales,
                   std::span<const int32_t> expert_ids, std::span<float> y) {
  constexpr size_t kColumns = TRITIUM_PACKED_COLUMNS;
  const size_t blocks = p.padded_cols / kColumns;
  for (size_t r = 0; r < p.n_rows; ++r) {
    const int64_t matrix = p.routed ? expert_ids[r] : 0;
    const bool exists = matrix >= 0 && matrix < p.n_matrices;
    const size_t row_of_q = r / p.rows_per_x;
    for (size_t n = 0; n < p.out_features; ++n) {
      check_cancelled_every<64>(n);
      const size_t weight_row = static_cast<size_t>(exists ? matrix : 0) * p.out_features + n;
      Sums sums;
      for (size_t b = 0; exists && b < blocks; ++b)
        add_block(sums, p.dtype, PackedBlock(p.dtype, words, weight_scales, weight_row * blocks + b),
                  q.subspan(row_of_q * p.padded_cols + b * kColumns, kColumns),
                  scales[row_of_q * p.n_blocks + (p.n_blocks > 1 ? b : 0)]);
      y[r * p.out_features + n] = shader::less_minima(sums.scaled, sums.minima);
    }
  }
}

}  // namespace tritium::cpu_ref
