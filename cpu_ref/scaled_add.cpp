// y = a_scale a + b_scale b
#include "ops/scaled_add.h"

namespace tritium::cpu_ref {

void scaled_add(const ScaledAddParams& p, std::span<const float> a, std::span<const float> b, std::span<float> y) {
  for (size_t i = 0; i < p.n_values; ++i)
    y[i] = static_cast<float>(double{p.a_scale} * a[i] + double{p.b_scale} * b[i]);
}

}  // namespace tritium::cpu_ref
