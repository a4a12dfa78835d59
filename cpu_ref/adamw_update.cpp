// w -= learning_rate (m / (sqrt(v) + eps) + weight_decay w), m and v the corrected averages of g and g^2: one step of
// AdamW (Loshchilov & Hutter 2019), and what follows it in the same pass (shadow.h).
#include "ops/adamw_update.h"

#include <cmath>
#include <vector>

#include "cpu_ref/moments.h"
#include "cpu_ref/shadow.h"

namespace tritium::cpu_ref {

void adamw_update(const AdamwUpdateParams& p, std::span<std::byte> parameter, std::span<float> sums,
                  std::span<const float> alpha, std::span<uint32_t> words, std::span<float> scales,
                  std::span<int32_t> flips, std::span<float> gradient, std::span<std::byte> m_plane,
                  std::span<std::byte> v_plane, std::span<float> m_scales, std::span<float> v_scales,
                  std::span<const float> uses) {
  const ShadowPlanes shadow = {parameter, sums, alpha, words, scales, flips};
  const Moments moments = {p, m_plane, v_plane, m_scales, v_scales};
  const size_t cols = p.shadow.cols;
  std::vector<float> m(cols), v(cols), stepped(cols);
  for (size_t row = 0; row < p.shadow.n_rows; ++row) {
    if (keeps_row(p.shadow, row, uses, gradient, shadow)) continue;
    moments.read(row, m, v);
    for (size_t c = 0; c < cols; ++c) {
      float& dw = gradient[row * cols + c];
      const double w = shadow_value(p.shadow, shadow, row, c);
      const double g = straight_through(p.shadow, double{dw} * p.gradient_scale, w, row, c, alpha);
      const double m_next = double{p.beta1} * m[c] + (1.0 - p.beta1) * g;
      const double v_next = double{p.beta2} * v[c] + (1.0 - p.beta2) * g * g;
      const double direction = m_next * p.correction1 / (std::sqrt(v_next * p.correction2) + p.eps);
      stepped[c] = static_cast<float>(w - p.learning_rate * (direction + p.weight_decay * w));
      m[c] = static_cast<float>(m_next);
      v[c] = static_cast<float>(v_next);
      dw = 0.0f;
    }
    write_row(p.shadow, row, stepped, shadow);
    moments.write(row, m, v);
  }
}

}  // namespace tritium::cpu_ref
