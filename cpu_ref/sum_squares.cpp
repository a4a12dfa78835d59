// sums[index] = sum of x^2
#include "ops/sum_squares.h"

namespace tritium::cpu_ref {

void sum_squares(const SumSquaresParams& p, std::span<const float> x, std::span<float> sums) {
  double sum = 0;
  for (size_t i = 0; i < p.n_values; ++i) sum += double{x[i]} * x[i];
  sums[p.index] = static_cast<float>(sum);
}

}  // namespace tritium::cpu_ref
