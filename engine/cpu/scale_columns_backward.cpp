// Of y = x + f(s) z: dz = f(s) dy by rows; then ds += f'(s) sum of dy z, by columns and those of each scale in order.
#include <cmath>
#include <vector>

#include "cpu/backend.h"

namespace tritium {

void CpuBackend::compute(const ScaleColumnsBackward& a) {
  const ScaleColumnsBackwardParams p = a.params();
  const float *z = host_span<float>(a.z).data(), *dy = host_span<float>(a.dy).data();
  const auto scales = host_span<float>(a.scales), dscales = host_span<float>(a.dscales);
  std::vector<double> products(p.dim);
  split(ceil_div(int64_t{p.dim}, cpu::kLine), p.n_rows * cpu::kLine / 8, [&](int64_t first, int64_t last) noexcept {
    const cpu::Range columns = {first * cpu::kLine, std::min<int64_t>(last * cpu::kLine, p.dim)};
    kernels_.gradients.column_products(p, columns, z, dy, products.data());
  });
  split(p.n_rows, p.dim / 4, [&](int64_t first, int64_t last) noexcept {
    kernels_.gradients.scale_columns_gradient(p, {first, last}, scales.data(), dy, host_span<float>(a.dz).data());
  });
  for (size_t s = 0; s < scales.size(); ++s) {
    double sum = 0;
    for (size_t d = s * p.columns_of_scale; d < (s + 1) * p.columns_of_scale; ++d) sum += products[d];
    const double f = 1.0 / (1.0 + std::exp(-double{scales[s]}));
    dscales[s] = static_cast<float>(dscales[s] + (p.gated != 0 ? f * (1.0 - f) : 1.0) * sum);
  }
}

}  // namespace tritium
