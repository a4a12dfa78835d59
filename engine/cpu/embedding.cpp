#include "cpu/backend.h"

namespace tritium {

Status CpuBackend::compute(const Embedding& a) {
  using cpu::kBlockRows;
  using cpu::kChunkColumns;
  const EmbeddingParams p = a.params();
  const std::byte* table = host_span<std::byte>(a.table.data).data();
  const uint32_t* words = reinterpret_cast<const uint32_t*>(table);
  const float* scales = host_span<float>(a.table.scales).data();
  const int32_t* tokens = host_span<int32_t>(a.tokens).data();
  float* y = host_span<float>(a.y).data();
  const int64_t row_bytes = p.row_stride * bits_of(a.table.dtype) / 8;
  const int64_t chunks = p.row_stride / kChunkColumns;

  const auto ternary = [&](int64_t row, float* out) {
    const int64_t block = row / kBlockRows;
    const int64_t lane = row % kBlockRows;
    for (int64_t g = 0; g < p.n_groups; ++g) {
      const int64_t start = g * p.group_size;
      if (start >= p.dim) break;  // groups of padding
      kernels_.ternary_row(words + (block * chunks + start / kChunkColumns) * kBlockRows + lane,
                           scales[(block * p.n_groups + g) * kBlockRows + lane],
                           std::min<int64_t>(p.group_size, p.dim - start), out + start);
    }
  };
  split(p.n_tokens, p.dim / 2, [&](int64_t first, int64_t last) noexcept {
    for (int64_t t = first; t < last; ++t) {
      float* out = y + t * p.dim;
      if (a.table.ternary()) {
        ternary(tokens[t], out);
      } else {
        kernels_.dense_row(table + tokens[t] * row_bytes, p.dtype, p.dim, out);
      }
    }
  });
  return Status();
}

}  // namespace tritium
