// The largest values of each row and where they are: what a sampler that keeps the k most probable tokens looks at.
#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>
#include <vector>

#include "ops/top_candidates.h"

namespace tritium::cpu_ref {

void top_candidates(const TopCandidatesParams& p, std::span<const float> logits, std::span<int32_t> candidates) {
  std::vector<int32_t> order(p.cols);
  for (size_t r = 0; r < p.n_rows; ++r) {
    const auto row = logits.subspan(r * p.cols, p.cols);
    const auto ids = candidates.subspan(2 * r * p.k, p.k), bits = candidates.subspan((2 * r + 1) * p.k, p.k);
    if (!std::ranges::all_of(row, [](float x) { return std::isfinite(x); })) {
      std::ranges::fill(ids, -1);
      std::ranges::fill(bits, 0);
      continue;
    }
    std::iota(order.begin(), order.end(), 0);
    const auto value = [&](int32_t id) { return row[static_cast<size_t>(id)]; };
    const auto before = [&](int32_t a, int32_t b) { return value(a) > value(b) || (value(a) == value(b) && a < b); };
    std::ranges::partial_sort(order, order.begin() + p.k, before);
    std::copy_n(order.begin(), p.k, ids.begin());
    std::ranges::transform(ids, bits.begin(), [&](int32_t id) { return std::bit_cast<int32_t>(value(id)); });
  }
}

}  // namespace tritium::cpu_ref
