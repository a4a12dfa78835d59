#include "train/quantizers/gptq.h"

#include <algorithm>
#include <cmath>

#include "base/cancel.h"
#include "base/format_text.h"

namespace tritium::training {
namespace {

constexpr double kDamping = 0.01;

// A square matrix in rows.
struct Square {
  std::vector<double> values;
  size_t n = 0;
  double* row(size_t i) { return values.data() + i * n; }
  double& at(size_t i, size_t j) { return values[i * n + j]; }
};

void damp(Square& h) {
  double trace = 0;
  for (size_t i = 0; i < h.n; ++i) trace += h.at(i, i);
  const double mean = trace / static_cast<double>(h.n);
  // Inputs that are always 0 leave the grid's nearest values.
  for (size_t i = 0; i < h.n; ++i) h.at(i, i) += mean > 0 ? kDamping * mean : 1.0;
}

// Of a symmetric matrix, of which the lower triangle is read: the inverse of R, upper, with R R^T = H; so
// H^-1 = R^-T R^-1. In place; false: H is not positive definite.
bool inverse_factor(Square& h) {
  // With rows and columns counted backwards this is Cholesky's L L^T; L is kept transposed where R is wanted.
  for (size_t j = h.n; j-- > 0;) {
    check_cancelled();
    double* own = h.row(j);  // of column j of R, transposed: own[i] = R_ij, i <= j
    const double pivot = own[j];
    if (!(pivot > 0) || !std::isfinite(pivot)) return false;
    const double root = std::sqrt(pivot);
    for (size_t i = 0; i <= j; ++i) own[i] /= root;
    for (size_t i = 0; i < j; ++i) {
      double* row = h.row(i);
      for (size_t k = 0; k <= i; ++k) row[k] -= own[i] * own[k];
    }
  }
  // Now h[j][i] = R_ij for i <= j: a lower triangle, R^T. Its inverse, the transpose of R^-1, column by column.
  Square inverse{std::vector<double>(h.n * h.n), h.n};
  for (size_t j = 0; j < h.n; ++j) {
    check_cancelled();
    double* row = inverse.row(j);
    for (size_t k = 0; k < j; ++k) {
      const double factor = h.at(j, k);
      const double* other = inverse.row(k);
      for (size_t i = 0; i <= k; ++i) row[i] -= factor * other[i];
    }
    const double diagonal = h.at(j, j);
    for (size_t i = 0; i < j; ++i) row[i] /= diagonal;
    row[j] = 1.0 / diagonal;
  }
  for (size_t i = 0; i < h.n; ++i)
    for (size_t j = 0; j < h.n; ++j) h.at(i, j) = j >= i ? inverse.at(j, i) : 0.0;
  return true;
}

float rounded(double w, float scale, int qmax) {
  if (!(scale > 0.0f)) return 0.0f;
  const float code = std::nearbyint(static_cast<float>(w) * (1.0f / scale));
  return scale * std::clamp(code, static_cast<float>(-qmax), static_cast<float>(qmax));
}

}  // namespace

Status gptq_round(std::span<float> weights, int64_t cols, std::vector<double> hessian, const IntegerGrid& grid) {
  Square u{std::move(hessian), static_cast<size_t>(cols)};
  damp(u);
  if (!inverse_factor(u))
    return error(StatusCode::device_error, "the inputs of the calibration text are no numbers, or too large ones");
  const auto group = static_cast<size_t>(grid.group_size > 0 ? grid.group_size : cols);
  const size_t groups = (u.n + group - 1) / group;
  std::vector<double> row(u.n);
  for (size_t r = 0; r < weights.size() / u.n; ++r) {
    check_cancelled();
    const std::span<float> out = weights.subspan(r * u.n, u.n);
    std::ranges::copy(out, row.begin());
    for (size_t j = 0; j < u.n; ++j) {
      out[j] = rounded(row[j], grid.scales[r * groups + j / group], grid.qmax);
      const double* factors = u.row(j);
      const double change = (row[j] - double{out[j]}) / factors[j];
      for (size_t k = j + 1; k < u.n; ++k) row[k] -= change * factors[k];
    }
  }
  return Status();
}

}  // namespace tritium::training
