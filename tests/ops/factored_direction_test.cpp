// The factored direction on every backend against the papers' formulas in doubles, written with whole matrices.
#include "ops/factored_direction.h"

#include <gtest/gtest.h>

#include <cmath>

#include "backends.h"
#include "base/counter_rng.h"
#include "ops/ops.h"

namespace tritium {
namespace {

constexpr float kBeta2 = 0.9f, kScale = 0.25f;

using Matrix = std::vector<std::vector<double>>;

// V <- beta2 V + (1 - beta2) G^2 as a whole; its approximation of rank 1 is made of its sums (Shazeer & Stern 2018,
// algorithm 2), which are linear in it.
struct WholeMoment {
  Matrix v;

  Matrix direction(const Matrix& gradient, int64_t step) {
    const size_t rows = gradient.size(), cols = gradient[0].size();
    if (v.empty()) v.assign(rows, std::vector<double>(cols));
    std::vector<double> row_sums(rows), col_sums(cols);
    double total = 0;
    for (size_t r = 0; r < rows; ++r)
      for (size_t c = 0; c < cols; ++c) {
        const double g = kScale * gradient[r][c];
        v[r][c] = double{kBeta2} * v[r][c] + (1 - double{kBeta2}) * g * g;
        row_sums[r] += v[r][c], col_sums[c] += v[r][c], total += v[r][c];
      }
    const double correction = 1.0 / (1.0 - std::pow(double{kBeta2}, static_cast<double>(step)));
    Matrix u = gradient;
    double squares = 0;
    for (size_t r = 0; r < rows; ++r)
      for (size_t c = 0; c < cols; ++c) {
        u[r][c] *= kScale / std::sqrt(correction * row_sums[r] * col_sums[c] / total);
        squares += u[r][c] * u[r][c];
      }
    const double rms = std::sqrt(squares / static_cast<double>(rows * cols));
    for (auto& row : u)
      for (double& value : row) value /= std::max(1.0, rms);
    return u;
  }
};

struct Sizes {
  int64_t n, rows, cols;
  size_t at(int64_t matrix, int64_t row, int64_t col) const {
    return static_cast<size_t>((matrix * rows + row) * cols + col);
  }
};

// Experts whose gradients differ in size by far, and grow from step to step, so that directions are clipped.
std::vector<float> gradients(const Sizes& s, int64_t step) {
  std::vector<float> values(static_cast<size_t>(s.n * s.rows * s.cols));
  for (int64_t m = 0; m < s.n; ++m)
    for (int64_t i = 0; i < s.rows * s.cols; ++i) {
      const double draw =
          random_unit(static_cast<uint32_t>(step), static_cast<uint64_t>(m * s.rows * s.cols + i)) - 0.5;
      const double size = std::pow(0.01, static_cast<double>(m)) * std::pow(3.0, static_cast<double>(step));
      values[static_cast<size_t>(m * s.rows * s.cols + i)] = static_cast<float>(draw * size);
    }
  return values;
}

Matrix matrix_of(const std::vector<float>& values, const Sizes& s, int64_t matrix) {
  Matrix m(static_cast<size_t>(s.rows), std::vector<double>(static_cast<size_t>(s.cols)));
  for (int64_t r = 0; r < s.rows; ++r)
    for (int64_t c = 0; c < s.cols; ++c)
      m[static_cast<size_t>(r)][static_cast<size_t>(c)] = double{values[s.at(matrix, r, c)]};
  return m;
}

class Factored : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    Result<std::unique_ptr<Backend>> made =
        make_backend({.backend = GetParam(), .threads = 2, .capture_file = {}, .log = {}});
    if (!made.ok()) GTEST_SKIP() << GetParam() << " cannot run here";
    backend = *std::move(made);
  }
  void begin(const Sizes& s) {
    sizes = s;
    gradient = zeros({s.n, s.rows, s.cols}), rows = zeros({s.n, s.rows}), cols = zeros({s.n, s.cols});
  }
  Tensor zeros(const Shape& shape) {
    Tensor t = *backend->allocate(shape, DType::f32, "zeros");
    const std::vector<float> values(static_cast<size_t>(t.elements()));
    EXPECT_TRUE(backend->upload(t, std::as_bytes(std::span(values))).ok());
    return t;
  }
  std::vector<float> values_of(const Tensor& t) {
    std::vector<float> values(static_cast<size_t>(t.elements()));
    EXPECT_TRUE(backend->download(t, std::as_writable_bytes(std::span(values))).ok());
    return values;
  }
  std::vector<float> step(int64_t number, const std::vector<float>& values) {
    Ops ops(*backend);
    ops.upload(gradient, std::as_bytes(std::span(values)));
    ops(FactoredDirection{
        .gradient = gradient,
        .row_squares = rows,
        .col_squares = cols,
        .beta2 = kBeta2,
        .correction2 = static_cast<float>(1 / (1 - std::pow(double{kBeta2}, static_cast<double>(number)))),
        .gradient_scale = kScale});
    const Status status = ops.finish();
    EXPECT_TRUE(status.ok()) << status.message();
    return values_of(gradient);
  }

  std::unique_ptr<Backend> backend;
  Sizes sizes{};
  Tensor gradient, rows, cols;
};
INSTANTIATE_TEST_SUITE_P(Backends, Factored, testing::Values("reference", "cpu", "vulkan"),
                         [](const auto& info) { return std::string(info.param); });

TEST_P(Factored, DirectionsAreThoseOfTheWholeSecondMomentsSums) {
  for (const Sizes& s : {Sizes{3, 70, 33}, Sizes{1, 1, 300}, Sizes{2, 200, 1}, Sizes{1, 16, 256}}) {
    begin(s);
    std::vector<WholeMoment> oracle(static_cast<size_t>(s.n));
    for (int64_t number = 1; number <= 4; ++number) {
      const std::vector<float> given = gradients(s, number), direction = step(number, given);
      for (int64_t m = 0; m < s.n; ++m) {
        const Matrix expected = oracle[static_cast<size_t>(m)].direction(matrix_of(given, s, m), number);
        for (int64_t r = 0; r < s.rows; ++r)
          for (int64_t c = 0; c < s.cols; ++c)
            ASSERT_NEAR(direction[s.at(m, r, c)], expected[static_cast<size_t>(r)][static_cast<size_t>(c)], 2e-5)
                << "step " << number << ", matrix " << m << ", " << r << ", " << c;
      }
    }
  }
}

TEST_P(Factored, NoMatrixMovesByMoreThanOneInTheMean) {
  begin({3, 20, 30});
  for (int64_t number = 1; number <= 5; ++number) {
    const std::vector<float> direction = step(number, gradients(sizes, number));
    for (int64_t m = 0; m < 3; ++m) {
      double squares = 0;
      for (int64_t i = 0; i < 600; ++i) squares += std::pow(direction[static_cast<size_t>(m * 600 + i)], 2);
      EXPECT_LT(std::sqrt(squares / 600), 1.00001);
      EXPECT_GT(std::sqrt(squares / 600), 0.5);
    }
  }
}

TEST_P(Factored, AnExpertWithoutTokensKeepsItsMoments) {
  begin({2, 5, 7});
  step(1, gradients(sizes, 1));
  const std::vector<float> rows_before = values_of(rows), cols_before = values_of(cols);
  std::vector<float> given = gradients(sizes, 2);
  std::fill(given.begin() + 35, given.end(), 0.0f);
  const std::vector<float> direction = step(2, given);
  for (size_t i = 0; i < 35; ++i) EXPECT_EQ(direction[35 + i], 0.0f);
  for (size_t i = 5; i < 10; ++i) EXPECT_EQ(values_of(rows)[i], rows_before[i]);
  for (size_t i = 7; i < 14; ++i) EXPECT_EQ(values_of(cols)[i], cols_before[i]);
  EXPECT_NE(values_of(rows)[0], rows_before[0]);
}

TEST_P(Factored, ARowThatHadNoGradientIsNoDivisionByZero) {
  begin({1, 3, 4});
  std::vector<float> given(12, 1e4f);
  std::fill(given.begin(), given.begin() + 4, 0.0f);
  for (int64_t number = 1; number <= 3; ++number)
    for (const float value : step(number, given)) EXPECT_TRUE(std::isfinite(value));
  given[1] = 1.0f;
  for (const float value : step(4, given)) EXPECT_TRUE(std::isfinite(value));
}

}  // namespace
}  // namespace tritium
