#include "cpu/backend.h"

namespace tritium {

Status CpuBackend::compute(const SgdUpdate& a) {
  const SgdUpdateParams p = a.params();
  const cpu::SgdCall call = {.p = p,
                             .shadow = shadow_call(a.shadow, p.shadow),
                             .gradient = host_span<float>(a.gradient).data(),
                             .m = host_span<float>(a.m).data()};
  split(p.shadow.n_rows, p.shadow.cols,
        [&](int64_t first, int64_t last) noexcept { kernels_.updates.sgd_update(call, first, last); });
  return Status();
}

}  // namespace tritium
