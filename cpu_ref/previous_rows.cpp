// y[t] = x of the token before t in its sequence, and the gradient.
#include <algorithm>

#include "base/cancel.h"
#include "ops/previous_rows.h"
#include "ops/previous_rows_backward.h"

namespace tritium::cpu_ref {
namespace {

bool is_followed(std::span<const int32_t> rows, size_t t) {
  return rows[2 * t + 1] == rows[2 * t + 3] && rows[2 * t] + 1 == rows[2 * t + 2];
}

}  // namespace

void previous_rows(const PreviousRowsParams& p, std::span<const float> x, std::span<const int32_t> rows,
                   std::span<float> cache, std::span<float> y) {
  const size_t dim = p.dim;
  for (size_t t = 0; t < p.n_tokens; ++t) {
    check_cancelled();
    const auto to = y.subspan(t * dim, dim);
    if (t > 0 && is_followed(rows, t - 1)) {
      std::ranges::copy(x.subspan((t - 1) * dim, dim), to.begin());
    } else if (p.cached && rows[2 * t] > 0) {
      std::ranges::copy(cache.subspan(static_cast<size_t>(rows[2 * t] + rows[2 * t + 1] - 1) * dim, dim), to.begin());
    } else {
      std::ranges::fill(to, 0.0f);
    }
  }
  if (!p.cached) return;
  for (size_t t = 0; t < p.n_tokens; ++t)
    std::ranges::copy(x.subspan(t * dim, dim),
                      cache.begin() + static_cast<ptrdiff_t>(rows[2 * t] + rows[2 * t + 1]) * p.dim);
}

void previous_rows_backward(const PreviousRowsBackwardParams& p, std::span<const float> dy,
                            std::span<const int32_t> rows, std::span<float> dx) {
  for (size_t t = 0; t < p.n_tokens; ++t) {
    check_cancelled();
    const bool followed = t + 1 < p.n_tokens && is_followed(rows, t);
    for (size_t d = 0; d < p.dim; ++d) {
      const float gradient = followed ? dy[(t + 1) * p.dim + d] : 0.0f;
      dx[t * p.dim + d] = p.accumulate ? dx[t * p.dim + d] + gradient : gradient;
    }
  }
}

}  // namespace tritium::cpu_ref
