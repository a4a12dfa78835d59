// y = x r w with r = 1 / rms(x): dx = r (w dy - x r^2 mean(w dy x)) by rows, then dw += sum of dy x r by columns.
#include "cpu/backend.h"

namespace tritium {

void CpuBackend::compute(const RmsNormBackward& a) {
  inverse_rms_.resize(static_cast<size_t>(a.params().n_rows));
  const cpu::RmsNormGradient call = {.p = a.params(),
                                     .x = host_span<float>(a.x).data(),
                                     .weight = host_span<float>(a.weight).data(),
                                     .dy = host_span<float>(a.dy).data(),
                                     .dx = host_span<float>(a.dx).data(),
                                     .dweight = host_span<float>(a.dweight).data(),
                                     .inverse_rms = inverse_rms_.data()};
  split(call.p.n_rows, call.p.dim / 4,
        [&](int64_t first, int64_t last) noexcept { kernels_.gradients.rms_norm_backward(call, first, last); });
  split(ceil_div(call.p.dim, kernels_.gradients.lanes), call.p.n_rows,
        [&](int64_t first, int64_t last) noexcept { kernels_.gradients.rms_norm_weight_gradient(call, first, last); });
}

}  // namespace tritium
