#include "cpu/backend.h"
#include "cpu/layout/pack_rows32.h"

namespace tritium {

Status CpuBackend::compute(const Ternarize& a) {
  const TernarizeParams p = a.params();
  const cpu::ShadowCall call = {.p = {.n_rows = p.n_rows,
                                      .cols = p.cols,
                                      .row_stride = p.row_stride,
                                      .dtype = p.dtype,
                                      .n_alpha = p.n_alpha,
                                      .n_groups = p.n_groups,
                                      .group_size = p.group_size,
                                      .padded_cols = p.padded_cols,
                                      .n_scales = p.n_scales,
                                      .count_flips = p.count_flips},
                                .layout = cpu::rows32_of(a.weight),
                                .parameter = host_span<std::byte>(a.parameter.data).data(),
                                .sums = nullptr,
                                .alpha = host_span<float>(a.alpha).data(),
                                .words = host_span<uint32_t>(a.weight.data).data(),
                                .scales = host_span<float>(a.weight.scales).data(),
                                .flips = host_span<int32_t>(a.flips).data()};
  split(p.n_rows, p.cols, [&](int64_t first, int64_t last) noexcept { kernels_.updates.ternarize(call, first, last); });
  return Status();
}

}  // namespace tritium
