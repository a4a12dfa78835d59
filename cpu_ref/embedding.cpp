#include "cpu_ref/operations.h"
#include "cpu_ref/weight_value.h"

namespace tritium::cpu_ref {
namespace {

std::span<const uint32_t> as_words(std::span<const std::byte> plane) {
  return {reinterpret_cast<const uint32_t*>(plane.data()), plane.size() / sizeof(uint32_t)};
}

}  // namespace

void embedding(const EmbeddingParams& p, std::span<const std::byte> table, std::span<const float> scales,
               std::span<const int32_t> tokens, std::span<float> y) {
  const auto dtype = static_cast<DType>(p.dtype);
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

}  // namespace tritium::cpu_ref
