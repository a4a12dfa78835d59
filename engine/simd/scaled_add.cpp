#include "simd/simd_backend.h"

namespace tritium {

Status SimdBackend::scaled_add(const ScaledAddArgs& args) {
  const simd::ScaledAddCall call = {.a = host_span<float>(args.a).data(),
                                    .b = host_span<float>(args.b).data(),
                                    .y = host_span<float>(args.y).data(),
                                    .a_scale = args.a_scale,
                                    .b_scale = args.b_scale};
  constexpr int64_t kItem = 16;  // as in add.cpp
  const int64_t n_values = args.y.elements();
  split(ceil_div(n_values, kItem), 4, [&](int64_t first, int64_t last) noexcept {
    kernels_.scaled_add(call, first * kItem, std::min(last * kItem, n_values));
  });
  return Status();
}

}  // namespace tritium
