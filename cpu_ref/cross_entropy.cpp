// loss = -log softmax(logits)[target], dlogits = scale (softmax(logits) - onehot(target))
#include <algorithm>
#include <cmath>

#include "base/cancel.h"
#include "ops/cross_entropy.h"

namespace tritium::cpu_ref {

void cross_entropy(const CrossEntropyParams& p, std::span<const float> logits, std::span<const int32_t> targets,
                   std::span<float> losses, std::span<float> dlogits) {
  for (size_t r = 0; r < p.n_rows; ++r) {
    check_cancelled();
    const auto row = logits.subspan(r * p.vocab_size, p.vocab_size);
    const int32_t target = targets[r];
    double largest = -INFINITY;
    for (double l : row) largest = std::max(largest, l);
    double sum = 0;
    for (float l : row) sum += std::exp(l - largest);
    const double lse = largest + std::log(sum);
    losses[r] = target < 0 ? 0.0f : static_cast<float>(lse - row[static_cast<size_t>(target)]);
    if (!p.with_gradient) continue;
    for (size_t c = 0; c < p.vocab_size; ++c) {
      const double onehot = static_cast<int64_t>(c) == target ? 1.0 : 0.0;
      dlogits[r * p.vocab_size + c] =
          target < 0 ? 0.0f : static_cast<float>(p.scale * (std::exp(row[c] - lse) - onehot));
    }
  }
}

}  // namespace tritium::cpu_ref
