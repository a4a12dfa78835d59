#include <vector>

#include "cpu_ref/operations.h"

namespace tritium::cpu_ref {

void embedding_backward(const EmbeddingBackwardParams& p, std::span<const int32_t> tokens, std::span<const float> dy,
                        std::span<float> dtable) {
  std::vector<double> sums(dtable.begin(), dtable.end());
  for (size_t t = 0; t < p.n_tokens; ++t)
    for (size_t d = 0; d < p.dim; ++d) sums[static_cast<size_t>(tokens[t]) * p.dim + d] += dy[t * p.dim + d];
  for (size_t i = 0; i < sums.size(); ++i) dtable[i] = static_cast<float>(sums[i]);
}

}  // namespace tritium::cpu_ref
