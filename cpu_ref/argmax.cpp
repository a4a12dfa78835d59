// ids = argmax of each row of logits: the token that a sampler at temperature 0 takes.
#include <cmath>

#include "ops/argmax.h"

namespace tritium::cpu_ref {

void argmax(const ArgmaxParams& p, std::span<const float> logits, std::span<int32_t> ids) {
  for (size_t r = 0; r < p.n_rows; ++r) {
    const auto row = logits.subspan(r * p.cols, p.cols);
    float largest = NAN;  // which any number replaces
    size_t best = 0;
    for (size_t c = 0; c < p.cols; ++c)
      if (!std::isnan(row[c]) && !(row[c] <= largest)) {
        largest = row[c];
        best = c;
      }
    ids[r] = static_cast<int32_t>(best);
  }
}

}  // namespace tritium::cpu_ref
