// ids = argmax of each row of logits: the token that a sampler at temperature 0 takes; -1 where a logit is not finite.
#include <cmath>

#include "ops/argmax.h"

namespace tritium::cpu_ref {

void argmax(const ArgmaxParams& p, std::span<const float> logits, std::span<int32_t> ids) {
  for (size_t r = 0; r < p.n_rows; ++r) {
    const auto row = logits.subspan(r * p.cols, p.cols);
    size_t best = 0;
    bool finite = true;
    for (size_t c = 0; c < p.cols; ++c) {
      finite = finite && std::isfinite(row[c]);
      if (row[c] > row[best]) best = c;
    }
    ids[r] = finite ? static_cast<int32_t>(best) : -1;
  }
}

}  // namespace tritium::cpu_ref
