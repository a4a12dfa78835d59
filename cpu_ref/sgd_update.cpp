#include "cpu_ref/operations.h"
#include "cpu_ref/shadow.h"

namespace tritium::cpu_ref {

void sgd_update(const SgdUpdateParams& p, std::span<float> gradient, std::span<float> m, const ShadowPlanes& shadow) {
  const auto dtype = static_cast<DType>(p.shadow.dtype);
  for (size_t row = 0; row < p.shadow.n_rows; ++row) {
    const auto stepped = [&](size_t c) {
      const size_t at = row * p.shadow.cols + c;
      const double w = dense_value(shadow.parameter, dtype, row * p.shadow.row_stride + c);
      double direction = straight_through(p.shadow, double{gradient[at]} * p.gradient_scale, w, row, c, shadow.alpha);
      gradient[at] = 0.0f;
      if (!m.empty()) {
        direction += double{p.momentum} * m[at];
        m[at] = static_cast<float>(direction);
      }
      return static_cast<float>(w - p.learning_rate * (direction + p.weight_decay * w));
    };
    write_row(p.shadow, row, stepped, shadow);
  }
}

}  // namespace tritium::cpu_ref
