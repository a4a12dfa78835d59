#include "simd/simd_backend.h"

namespace tritium {

Status SimdBackend::add(const AddArgs& args) {
  const float* a = host_span<float>(args.a).data();
  const float* b = host_span<float>(args.b).data();
  float* y = host_span<float>(args.y).data();
  // A line of 16 floats an item, so that threads do not write to the same one.
  constexpr int64_t kItem = 16;
  const int64_t n_values = params_of(args).n_values;
  split(ceil_div(n_values, kItem), 4, [&](int64_t first, int64_t last) noexcept {
    kernels_.add(a, b, y, first * kItem, std::min(last * kItem, n_values));
  });
  return Status();
}

}  // namespace tritium
