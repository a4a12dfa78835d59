// Directions by factored second moments, in chunks of rows that threads share: sums over rows and columns, the factors
// of each matrix, the size of its direction, the direction. Chunks and the order of sums do not depend on the number of
// threads. The gradient is read three times and written once; the sums of columns are a 64th of it.
#include <cmath>
#include <vector>

#include "cpu/backend.h"

namespace tritium {
namespace {

class Factored {
 public:
  Factored(const FactoredDirectionParams& p, float* gradient, float* row_squares, float* col_squares)
      : p_(p),
        rows_(p.rows),
        cols_(p.cols),
        chunks_(ceil_div(p.rows, p.chunk_rows)),
        gradient_(gradient),
        row_squares_(row_squares),
        col_squares_(col_squares),
        row_factors_(static_cast<size_t>(n_matrices() * rows_)),
        col_factors_(static_cast<size_t>(n_matrices() * cols_)),
        col_sums_(static_cast<size_t>(n_chunks() * cols_)),
        squares_(static_cast<size_t>(n_chunks())) {}

  int64_t n_matrices() const { return p_.n_matrices; }
  int64_t n_chunks() const { return n_matrices() * chunks_; }
  int64_t chunk_cost() const { return std::min<int64_t>(p_.chunk_rows, rows_) * cols_ / 4; }
  int64_t matrix_cost() const { return rows_ + chunks_ * cols_; }

  // Sums of squares over the rows and the columns of a chunk. sum_squares: of a row.
  void add_up(int64_t chunk, double (*sum_squares)(const float*, int64_t)) {
    float* sums = &col_sums_[static_cast<size_t>(chunk * cols_)];
    each_row(chunk, [&](int64_t row) {
      const float* g = gradient_ + row * cols_;
      row_factors_[static_cast<size_t>(row)] = static_cast<float>(sum_squares(g, cols_));
      for (int64_t c = 0; c < cols_; ++c) sums[c] += g[c] * g[c];
    });
  }

  // The running means, and what makes directions of gradients: zeros where there is no gradient.
  void make_factors(int64_t matrix) {
    float *rows = &row_factors_[static_cast<size_t>(matrix * rows_)], *r = row_squares_ + matrix * rows_;
    float *cols = &col_factors_[static_cast<size_t>(matrix * cols_)], *c = col_squares_ + matrix * cols_;
    double total = 0, mean_r = 0;
    for (int64_t row = 0; row < rows_; ++row) total += double{rows[row]};
    if (total == 0) return;
    for (int64_t row = 0; row < rows_; ++row) {
      add_mean(r[row], double{rows[row]}, cols_);
      mean_r += double{r[row]} / static_cast<double>(rows_);
    }
    for (int64_t row = 0; row < rows_; ++row) rows[row] = row_factor(r[row] / mean_r);
    for (int64_t col = 0; col < cols_; ++col) {
      double sum = 0;
      for (int64_t chunk = matrix * chunks_; chunk < (matrix + 1) * chunks_; ++chunk)
        sum += double{col_sums_[static_cast<size_t>(chunk * cols_ + col)]};
      add_mean(c[col], sum, rows_);
      cols[col] = static_cast<float>(1.0 / std::sqrt(double{c[col]}));
    }
  }

  void measure(int64_t chunk) {
    constexpr int64_t kSums = 16;
    const float* cols = &col_factors_[static_cast<size_t>(chunk / chunks_ * cols_)];
    double squares = 0;
    each_row(chunk, [&](int64_t row) {
      const float *g = gradient_ + row * cols_, factor = row_factors_[static_cast<size_t>(row)];
      float sums[kSums] = {};
      int64_t c = 0;
      for (; c + kSums <= cols_; c += kSums)
        for (int64_t i = 0; i < kSums; ++i) {
          const float u = g[c + i] * (factor * cols[c + i]);
          sums[i] += u * u;
        }
      for (; c < cols_; ++c) {
        const float u = g[c] * (factor * cols[c]);
        sums[c % kSums] += u * u;
      }
      for (const float sum : sums) squares += double{sum};
    });
    squares_[static_cast<size_t>(chunk)] = squares;
  }

  void clip(int64_t matrix) {
    double squares = 0;
    for (int64_t chunk = matrix * chunks_; chunk < (matrix + 1) * chunks_; ++chunk)
      squares += squares_[static_cast<size_t>(chunk)];
    const double rms = std::sqrt(squares / static_cast<double>(rows_ * cols_));
    const auto shrunk = static_cast<float>(1.0 / std::max(1.0, rms / p_.clip));
    for (int64_t row = matrix * rows_; row < (matrix + 1) * rows_; ++row)
      row_factors_[static_cast<size_t>(row)] *= shrunk;
  }

  void write(int64_t chunk) {
    const float* cols = &col_factors_[static_cast<size_t>(chunk / chunks_ * cols_)];
    each_row(chunk, [&](int64_t row) {
      float* g = gradient_ + row * cols_;
      const float factor = row_factors_[static_cast<size_t>(row)];
      for (int64_t c = 0; c < cols_; ++c) g[c] *= factor * cols[c];
    });
  }

 private:
  void each_row(int64_t chunk, const auto& f) const {
    const int64_t matrix = chunk / chunks_, first = chunk % chunks_ * p_.chunk_rows;
    for (int64_t row = first; row < std::min<int64_t>(first + p_.chunk_rows, rows_); ++row) f(matrix * rows_ + row);
  }
  float row_factor(double part) const {
    part = std::max(part, double{TRITIUM_FACTORED_FLOOR});
    return static_cast<float>(double{p_.gradient_scale} / std::sqrt(p_.correction2 * part));
  }
  void add_mean(float& mean, double squares, int64_t n) const {
    const double scale = double{p_.gradient_scale} * p_.gradient_scale;
    const double now = scale * squares / static_cast<double>(n) + double{TRITIUM_FACTORED_FLOOR};
    mean = static_cast<float>(double{p_.beta2} * mean + (1.0 - p_.beta2) * now);
  }

  const FactoredDirectionParams p_;
  const int64_t rows_, cols_, chunks_;  // chunks of a matrix
  float *const gradient_, *const row_squares_, *const col_squares_;
  std::vector<float> row_factors_;  // sums of squares at first
  std::vector<float> col_factors_, col_sums_;
  std::vector<double> squares_;  // of the directions of each chunk
};

}  // namespace

void CpuBackend::compute(const FactoredDirection& op) {
  Factored f(cpu_ref::params_of(op), host_span<float>(op.gradient).data(), host_span<float>(op.row_squares).data(),
             host_span<float>(op.col_squares).data());
  const auto each_chunk = [&](const auto& body) {
    split(f.n_chunks(), f.chunk_cost(), [&](int64_t first, int64_t last) noexcept {
      for (int64_t chunk = first; chunk < last; ++chunk) body(chunk);
    });
  };
  const auto each_matrix = [&](const auto& body) {
    split(f.n_matrices(), f.matrix_cost(), [&](int64_t first, int64_t last) noexcept {
      for (int64_t matrix = first; matrix < last; ++matrix) body(matrix);
    });
  };
  each_chunk([&](int64_t chunk) { f.add_up(chunk, kernels_.gradients.sum_squares); });
  each_matrix([&](int64_t matrix) { f.make_factors(matrix); });
  each_chunk([&](int64_t chunk) { f.measure(chunk); });
  each_matrix([&](int64_t matrix) { f.clip(matrix); });
  each_chunk([&](int64_t chunk) { f.write(chunk); });
}

}  // namespace tritium
