#include "cpu/backend.h"
#include "cpu/layout/pack_rows32.h"

namespace tritium {

Status CpuBackend::compute(const Embedding& a) {
  const EmbeddingParams p = a.params();
  const std::byte* table = host_span<std::byte>(a.table.data).data();
  const uint32_t* words = reinterpret_cast<const uint32_t*>(table);
  const float* scales = host_span<float>(a.table.scales).data();
  const int32_t* tokens = host_span<int32_t>(a.tokens).data();
  float* y = host_span<float>(a.y).data();
  const int64_t row_bytes = p.row_stride * bits_of(a.table.dtype) / 8;
  const cpu::Rows32 layout = cpu::rows32_of(a.table);

  const auto ternary = [&](int64_t row, float* out) {
    const cpu::Rows32::Place at = layout.place_of(row);
    for (int64_t g = 0; g < p.n_groups; ++g) {
      const int64_t start = g * p.group_size;
      if (start >= p.dim) break;  // groups of padding
      kernels_.ternary.ternary_row(words + layout.word(at, start / cpu::kChunkColumns), scales[layout.scale(at, g)],
                                   std::min<int64_t>(p.group_size, p.dim - start), out + start);
    }
  };
  split(p.n_tokens, p.dim / 2, [&](int64_t first, int64_t last) noexcept {
    for (int64_t t = first; t < last; ++t) {
      float* out = y + t * p.dim;
      if (a.table.ternary()) {
        ternary(tokens[t], out);
      } else {
        kernels_.floats.dense_row(table + tokens[t] * row_bytes, p.dtype, p.dim, out);
      }
    }
  });
  return Status();
}

}  // namespace tritium
