// y[t] = table[tokens[t]], dtable[tokens[t]] += dy[t]
#include <vector>

#include "cpu_ref/packed_block.h"
#include "cpu_ref/weight_value.h"
#include "ops/embedding.h"
#include "ops/embedding_backward.h"

namespace tritium::cpu_ref {
namespace {

std::span<const uint32_t> as_words(std::span<const std::byte> plane) {
  return {reinterpret_cast<const uint32_t*>(plane.data()), plane.size() / sizeof(uint32_t)};
}

void packed_embedding(const EmbeddingParams& p, std::span<const std::byte> table, std::span<const float> scales,
                      std::span<const int32_t> tokens, std::span<float> y) {
  constexpr uint32_t kColumns = TRITIUM_PACKED_COLUMNS;
  for (size_t t = 0; t < p.n_tokens; ++t)
    for (uint32_t d = 0; d < p.dim; ++d) {
      const size_t block = static_cast<size_t>(tokens[t]) * (p.row_stride / kColumns) + d / kColumns;
      y[t * p.dim + d] =
          PackedBlock(p.dtype, as_words(table), as_words(std::as_bytes(scales)), block).value(d % kColumns);
    }
}

}  // namespace

void embedding(const EmbeddingParams& p, std::span<const std::byte> table, std::span<const float> scales,
               std::span<const int32_t> tokens, std::span<float> y) {
  const auto dtype = static_cast<DType>(p.dtype);
  if (is_packed(dtype)) return packed_embedding(p, table, scales, tokens, y);
  for (size_t t = 0; t < p.n_tokens; ++t) {
    const auto row = static_cast<size_t>(tokens[t]);
    for (size_t d = 0; d < p.dim; ++d) {
      const size_t index = row * p.row_stride + d;
      y[t * p.dim + d] = dtype == DType::trit2 ? scales[row * p.n_groups + d / p.group_size] *
                                                     static_cast<float>(trit_at(as_words(table), index))
                                               : dense_value(table, dtype, index);
    }
  }
}

void embedding_backward(const EmbeddingBackwardParams& p, std::span<const int32_t> tokens, std::span<const float> dy,
                        std::span<float> dtable) {
  std::vector<double> sums(dtable.begin(), dtable.end());
  for (size_t t = 0; t < p.n_tokens; ++t)
    for (size_t d = 0; d < p.dim; ++d) sums[static_cast<size_t>(tokens[t]) * p.dim + d] += dy[t * p.dim + d];
  for (size_t i = 0; i < sums.size(); ++i) dtable[i] = static_cast<float>(sums[i]);
}

}  // namespace tritium::cpu_ref
