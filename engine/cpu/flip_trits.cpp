#include "cpu/backend.h"
#include "cpu/layout/pack_rows32.h"

namespace tritium {

Status CpuBackend::compute(const FlipTrits& a) {
  const cpu::FlipCall call = {.p = a.params(),
                              .layout = cpu::rows32_of(a.weight),
                              .change = host_span<float>(a.change).data(),
                              .words = host_span<uint32_t>(a.weight.data).data(),
                              .scales = host_span<float>(a.weight.scales).data(),
                              .flips = host_span<int32_t>(a.flips).data()};
  split(call.p.n_rows, int64_t{call.p.cols} * 2,
        [&](int64_t first, int64_t last) noexcept { kernels_.updates.flip_trits(call, first, last); });
  return Status();
}

}  // namespace tritium
