// dtable[tokens[t]] += dy[t]
#include "cpu/backend.h"

namespace tritium {

// Threads share out columns: rows of the table may get several gradients, in the order of the tokens.
void CpuBackend::compute(const EmbeddingBackward& a) {
  const EmbeddingBackwardParams p = a.params();
  const auto tokens = host_span<int32_t>(a.tokens);
  const float* dy = host_span<float>(a.dy).data();
  float* dtable = host_span<float>(a.dtable).data();
  split(p.dim, p.n_tokens, [&](int64_t first, int64_t last) noexcept {
    for (int64_t t = 0; t < p.n_tokens; ++t) {
      const float* from = dy + t * p.dim;
      float* to = dtable + tokens[static_cast<size_t>(t)] * int64_t{p.dim};
      for (int64_t d = first; d < last; ++d) to[d] += from[d];
    }
  });
}

}  // namespace tritium
