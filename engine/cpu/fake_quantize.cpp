// y = w + lambda (Q(w) - w) on the reference's loop: which alpha a row has follows from its number among all of them.
#include "cpu/backend.h"

namespace tritium {

void CpuBackend::compute(const FakeQuantize& op) {
  const FakeQuantizeParams p = cpu_ref::params_of(op);
  split(p.n_rows, p.cols * 4, [&](int64_t first, int64_t last) noexcept {
    cpu_ref::fake_quantize_rows(p, host_span<std::byte>(op.parameter.data), host_span<float>(op.alpha),
                                host_span<float>(op.y.data), host_span<float>(op.bound), host_span<float>(op.source),
                                static_cast<size_t>(first), static_cast<size_t>(last));
  });
}

}  // namespace tritium
