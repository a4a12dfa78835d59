// u = g / sqrt(correction2 r c / mean(r)) over each matrix, u / max(1, rms(u) / clip) in place of the gradient; r and c
// are running means of g^2 over rows and columns.
#include "ops/factored_direction.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace tritium::cpu_ref {
namespace {

// A running mean of squares, of a row or of a column.
void add_mean(const FactoredDirectionParams& p, float& mean, double squares, size_t n) {
  const double now = squares / static_cast<double>(n) + TRITIUM_FACTORED_FLOOR;
  mean = static_cast<float>(double{p.beta2} * mean + (1.0 - p.beta2) * now);
}

void make_direction(const FactoredDirectionParams& p, std::span<float> gradient, std::span<float> r,
                    std::span<float> c) {
  std::vector<double> row_sums(p.rows), col_sums(p.cols);
  double total = 0;
  const auto scaled = [&](size_t row, size_t col) { return double{gradient[row * p.cols + col]} * p.gradient_scale; };
  for (size_t row = 0; row < p.rows; ++row)
    for (size_t col = 0; col < p.cols; ++col) {
      const double square = scaled(row, col) * scaled(row, col);
      row_sums[row] += square, col_sums[col] += square, total += square;
    }
  if (total == 0) return;
  for (size_t row = 0; row < p.rows; ++row) add_mean(p, r[row], row_sums[row], p.cols);
  for (size_t col = 0; col < p.cols; ++col) add_mean(p, c[col], col_sums[col], p.rows);
  double mean_r = 0;
  for (const float value : r) mean_r += double{value} / p.rows;
  const auto direction = [&](size_t row, size_t col) {
    const double part = std::max(r[row] / mean_r, double{TRITIUM_FACTORED_FLOOR});
    return scaled(row, col) / (std::sqrt(p.correction2 * part) * std::sqrt(double{c[col]}));
  };
  double squares = 0;
  for (size_t row = 0; row < p.rows; ++row)
    for (size_t col = 0; col < p.cols; ++col) squares += direction(row, col) * direction(row, col);
  const double rms = std::sqrt(squares / (1.0 * p.rows * p.cols));
  const double shrunk = 1.0 / std::max(1.0, rms / p.clip);
  for (size_t row = 0; row < p.rows; ++row)
    for (size_t col = 0; col < p.cols; ++col)
      gradient[row * p.cols + col] = static_cast<float>(direction(row, col) * shrunk);
}

}  // namespace

void factored_direction(const FactoredDirectionParams& p, std::span<float> gradient, std::span<float> row_squares,
                        std::span<float> col_squares) {
  for (size_t m = 0; m < p.n_matrices; ++m)
    make_direction(p, gradient.subspan(m * p.rows * p.cols, size_t{p.rows} * p.cols),
                   row_squares.subspan(m * p.rows, p.rows), col_squares.subspan(m * p.cols, p.cols));
}

}  // namespace tritium::cpu_ref
