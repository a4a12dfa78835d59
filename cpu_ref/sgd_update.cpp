// m = momentum m + g, w -= learning_rate (m + weight_decay w), and what follows in the same pass (shadow.h).
#include "ops/sgd_update.h"

#include <vector>

#include "cpu_ref/shadow.h"

namespace tritium::cpu_ref {

void sgd_update(const SgdUpdateParams& p, std::span<std::byte> parameter, std::span<float> sums,
                std::span<const float> alpha, std::span<uint32_t> words, std::span<float> scales,
                std::span<int32_t> flips, std::span<float> gradient, std::span<float> m, std::span<const float> uses) {
  const ShadowPlanes shadow = {parameter, sums, alpha, words, scales, flips};
  const size_t cols = p.shadow.cols;
  std::vector<float> stepped(cols);
  for (size_t row = 0; row < p.shadow.n_rows; ++row) {
    if (keeps_row(p.shadow, row, uses, gradient, shadow)) continue;
    for (size_t c = 0; c < cols; ++c) {
      const size_t at = row * cols + c;
      const double w = shadow_value(p.shadow, shadow, row, c);
      double direction = straight_through(p.shadow, double{gradient[at]} * p.gradient_scale, w, row, c, alpha);
      if (!m.empty()) {
        direction += double{p.momentum} * m[at];
        m[at] = static_cast<float>(direction);
      }
      stepped[c] = static_cast<float>(w - p.learning_rate * (direction + p.weight_decay * w));
      gradient[at] = 0.0f;
    }
    write_row(p.shadow, row, stepped, shadow);
  }
}

}  // namespace tritium::cpu_ref
