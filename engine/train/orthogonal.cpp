#include "train/orthogonal.h"

#include <algorithm>
#include <cmath>

#include "base/counter_rng.h"

namespace tritium::training {
namespace {

// `count` orthonormal vectors of `length` values.
std::vector<double> orthonormal(int64_t count, int64_t length, uint64_t seed) {
  std::vector<double> v(static_cast<size_t>(count * length));
  const auto row = [&](int64_t i) { return v.data() + i * length; };
  const auto product = [length](const double* a, const double* b) {
    double sum = 0;
    for (int64_t d = 0; d < length; ++d) sum += a[d] * b[d];
    return sum;
  };
  for (size_t i = 0; i < v.size(); ++i) v[i] = random_normal(seed, i);
  for (int64_t i = 0; i < count; ++i) {
    for (int pass = 0; pass < 2; ++pass)
      for (int64_t j = 0; j < i; ++j) {
        const double along = product(row(i), row(j));
        for (int64_t d = 0; d < length; ++d) row(i)[d] -= along * row(j)[d];
      }
    const double inverse = 1.0 / std::sqrt(product(row(i), row(i)));
    for (int64_t d = 0; d < length; ++d) row(i)[d] *= inverse;
  }
  return v;
}

}  // namespace

std::vector<float> orthogonal_values(int64_t n_matrices, int64_t rows, int64_t cols, uint64_t seed) {
  std::vector<float> values(static_cast<size_t>(n_matrices * rows * cols));
  const int64_t count = std::min(rows, cols), length = std::max(rows, cols);
  for (int64_t m = 0; m < n_matrices; ++m) {
    const std::vector<double> v = orthonormal(count, length, random_bits(seed, static_cast<uint64_t>(m)));
    float* to = values.data() + m * rows * cols;
    for (int64_t i = 0; i < count; ++i)
      for (int64_t d = 0; d < length; ++d)
        (rows <= cols ? to[i * cols + d] : to[d * cols + i]) =
            static_cast<float>(v[static_cast<size_t>(i * length + d)]);
  }
  return values;
}

}  // namespace tritium::training
