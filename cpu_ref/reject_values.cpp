// y = x - (<x, v> / <v, v>) v for each head, and the gradients, in double and rounded once.
#include <vector>

#include "base/cancel.h"
#include "ops/reject_values.h"
#include "ops/reject_values_backward.h"

namespace tritium::cpu_ref {
namespace {

double inner_product(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (size_t d = 0; d < a.size(); ++d) sum += double{a[d]} * b[d];
  return sum;
}

}  // namespace

void reject_values(const RejectValuesParams& p, std::span<const float> x, std::span<const float> v,
                   std::span<float> y) {
  const size_t dim = p.value_dim, group = p.n_heads / p.n_kv_heads;
  for (size_t row = 0; row < size_t{p.n_tokens} * p.n_heads; ++row) {
    check_cancelled();
    const auto in = x.subspan(row * dim, dim), own = v.subspan(row / group * dim, dim);
    const double squares = inner_product(own, own);
    const double along = squares > 0 ? inner_product(in, own) / squares : 0;
    for (size_t d = 0; d < dim; ++d) y[row * dim + d] = static_cast<float>(in[d] - along * own[d]);
  }
}

void reject_values_backward(const RejectValuesBackwardParams& p, std::span<const float> x, std::span<const float> v,
                            std::span<const float> dy, std::span<float> dx, std::span<float> dv) {
  const size_t dim = p.value_dim, group = p.n_heads / p.n_kv_heads;
  std::vector<double> sums(dim);
  for (size_t kv = 0; kv < size_t{p.n_tokens} * p.n_kv_heads; ++kv) {
    check_cancelled();
    const auto own = v.subspan(kv * dim, dim);
    const double squares = inner_product(own, own), inverse = squares > 0 ? 1.0 / squares : 0.0;
    sums.assign(dim, 0.0);
    for (size_t row = kv * group; row < (kv + 1) * group; ++row) {
      const auto in = x.subspan(row * dim, dim), gradient = dy.subspan(row * dim, dim);
      const double a = inner_product(in, own) * inverse, b = inner_product(gradient, own) * inverse;
      for (size_t d = 0; d < dim; ++d) {
        dx[row * dim + d] = static_cast<float>(gradient[d] - b * own[d]);
        sums[d] += 2.0 * a * b * own[d] - a * gradient[d] - b * in[d];
      }
    }
    for (size_t d = 0; d < dim; ++d) dv[kv * dim + d] = static_cast<float>(sums[d]);
  }
}

}  // namespace tritium::cpu_ref
