// sums[index] = sum of x^2, in parts of a fixed size, summed in order: the result does not depend on the number of
// threads.
#include <vector>

#include "cpu/backend.h"

namespace tritium {

void CpuBackend::compute(const SumSquares& a) {
  constexpr int64_t kPart = 1 << 16;
  const auto x = host_span<float>(a.x);
  const auto n = static_cast<int64_t>(x.size());
  std::vector<double> sums(static_cast<size_t>(ceil_div(n, kPart)));
  split(static_cast<int64_t>(sums.size()), kPart / 16, [&](int64_t first, int64_t last) noexcept {
    for (int64_t part = first; part < last; ++part)
      sums[static_cast<size_t>(part)] =
          kernels_.gradients.sum_squares(x.data() + part * kPart, std::min(kPart, n - part * kPart));
  });
  double total = 0;
  for (double sum : sums) total += sum;
  host_span<float>(a.sums)[static_cast<size_t>(a.index)] = static_cast<float>(total);
}

}  // namespace tritium
