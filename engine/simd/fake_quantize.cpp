#include "cpu_ref/operations.h"
#include "simd/simd_backend.h"

namespace tritium {

// Rows are shared out; which alpha a row has follows from its number among all of them.
Status SimdBackend::fake_quantize(const FakeQuantizeArgs& a) {
  const FakeQuantizeParams p = params_of(a);
  const auto parameter = host_span<std::byte>(a.parameter.data);
  const auto y = host_span<float>(a.y.data);
  split(p.n_rows, p.cols * 4, [&](int64_t first, int64_t last) noexcept {
    cpu_ref::fake_quantize_rows(p, parameter, host_span<float>(a.alpha), y, static_cast<size_t>(first),
                                static_cast<size_t>(last));
  });
  return Status();
}

}  // namespace tritium
