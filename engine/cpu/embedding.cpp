// y[t] = table[tokens[t]] of a packed or base3 table; others are rows of by_rows.h.
#include "cpu/backend.h"
#include "cpu/layout/base3_words.h"
#include "cpu/packed_rows.h"
#include "shaders/lib/ternary.h"

namespace tritium {

void CpuBackend::look_up_packed(const Embedding& a) {
  using cpu::PackedRows;
  const cpu::Rows32 layout = rows32_of(a.table);
  const PackedRows table = {layout, static_cast<uint32_t>(a.table.dtype), host_span<uint32_t>(a.table.data).data(),
                            host_span<uint32_t>(a.table.scales).data()};
  const auto tokens = host_span<int32_t>(a.tokens);
  float* y = host_span<float>(a.y).data();
  const int64_t dim = a.table.cols;
  split(a.y.shape[0], dim * 2, [&](int64_t first, int64_t last) noexcept {
    for (int64_t t = first; t < last; ++t)
      for (int64_t c = 0; c < dim; c += PackedRows::kColumns) {
        const auto values = table.block(layout.place_of(tokens[static_cast<size_t>(t)]), c / PackedRows::kColumns);
        std::copy_n(values.begin(), std::min(PackedRows::kColumns, dim - c), y + t * dim + c);
      }
  });
}

void CpuBackend::look_up_base3(const Embedding& a) {
  const cpu::Rows32 layout = rows32_of(a.table);
  const cpu::TritPlane trits = trits_of(a.table, 0);
  const float* scales = host_span<float>(a.table.scales).data();
  const auto tokens = host_span<int32_t>(a.tokens);
  float* y = host_span<float>(a.y).data();
  const int64_t dim = a.table.cols, group_chunks = a.table.group_size / cpu::kChunkColumns;
  std::vector<uint32_t> words(static_cast<size_t>(layout.chunks));
  for (int64_t t = 0; t < a.y.shape[0]; ++t) {
    const cpu::Rows32::Place at = layout.place_of(tokens[static_cast<size_t>(t)]);
    cpu::unpack_base3(trits.at(at, 0), cpu::kRowStride, words);
    for (int64_t c = 0; c < dim; ++c) {
      const int64_t chunk = c / cpu::kChunkColumns;
      const int trit = shader::unpack_trit(words[static_cast<size_t>(chunk)], u32(c % cpu::kChunkColumns));
      y[t * dim + c] = scales[layout.scale(at, chunk / group_chunks)] * static_cast<float>(trit);
    }
  }
}

}  // namespace tritium
