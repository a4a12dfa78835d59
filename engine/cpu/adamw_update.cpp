#include "cpu/backend.h"
#include "cpu/layout/pack_rows32.h"

namespace tritium {

cpu::ShadowCall CpuBackend::shadow_call(const ShadowUpdate& s, const ShadowParams& p) {
  return {.p = p,
          .layout = cpu::rows32_of(s.weight),
          .parameter = host_span<std::byte>(s.parameter.data).data(),
          .sums = host_span<float>(s.sums).data(),
          .alpha = host_span<float>(s.alpha).data(),
          .words = host_span<uint32_t>(s.weight.data).data(),
          .scales = host_span<float>(s.weight.scales).data(),
          .flips = host_span<int32_t>(s.flips).data()};
}

Status CpuBackend::compute(const AdamwUpdate& a) {
  const AdamwUpdateParams p = a.params();
  const bool codes = p.states_8bit != 0;
  const cpu::AdamwCall call = {.p = p,
                               .shadow = shadow_call(a.shadow, p.shadow),
                               .gradient = host_span<float>(a.gradient).data(),
                               .m = codes ? nullptr : host_span<float>(a.m).data(),
                               .v = codes ? nullptr : host_span<float>(a.v).data(),
                               .m_codes = codes ? host_span<int8_t>(a.m).data() : nullptr,
                               .v_codes = codes ? host_span<int8_t>(a.v).data() : nullptr,
                               .m_scales = host_span<float>(a.m_scales).data(),
                               .v_scales = host_span<float>(a.v_scales).data()};
  split(p.shadow.n_rows, p.shadow.cols * 2,
        [&](int64_t first, int64_t last) noexcept { kernels_.updates.adamw_update(call, first, last); });
  return Status();
}

}  // namespace tritium
