// y = a + b
#include "ops/add.h"

namespace tritium::cpu_ref {

void add(const AddParams& p, std::span<const float> a, std::span<const float> b, std::span<float> y) {
  for (size_t i = 0; i < p.n_values; ++i) y[i] = a[i] + b[i];
}

}  // namespace tritium::cpu_ref
