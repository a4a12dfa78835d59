// Products of gradients that are rounded to 16 bits: each element is within the bound that follows from the rounding,
// and what is no number stays one.
#include "ops/rounded_gradients.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/cpu/cpu_test.h"

namespace tritium {
namespace {

constexpr int64_t kTokens = 515, kRows = 67, kCols = 203;
// Half a unit of the largest over 32767; before it is rounded, a float of up to 2^15 errs by up to 2^-8.
constexpr double kUnit = (0.5 + 1.0 / 256) / 32767;

std::vector<std::string> rounding_levels() {
  std::vector<std::string> levels;
  for (const std::string& level : simd_levels())
    if (dynamic_cast<const RoundsGradients&>(*cpu_backend(level, 1)).rounds_gradients()) levels.push_back(level);
  return levels;
}

// dy as gradients are: rows and columns of very different size.
std::vector<float> gradients(cases::CaseInputs& in) {
  std::vector<float> dy;
  for (int64_t i = 0; i < kTokens * kRows; ++i)
    dy.push_back(static_cast<float>(static_cast<double>(in.below(2001)) - 1000) *
                 std::ldexp(1.0f, -static_cast<int>(i / kRows % 9) - static_cast<int>(i % kRows % 11)));
  return dy;
}

class RoundedGradients : public testing::TestWithParam<std::string> {
 protected:
  RoundedGradients() : backend(cpu_backend(GetParam(), 2)), ops(*backend), in(ops, 3), dy(gradients(in)) {}

  std::vector<float> values(const Tensor& t) {
    std::vector<float> v(static_cast<size_t>(t.elements()));
    ops.download(t, std::as_writable_bytes(std::span(v)));
    EXPECT_TRUE(ops.finish().ok());
    return v;
  }
  std::vector<float> input_gradient(const Weight& w) {
    const Tensor dx = in.zeros({kTokens, kCols});
    ops(TernaryMatmulBackward{.dy = in.floats({kTokens, kRows}, dy), .weight = w, .expert_ids = {}, .dx = dx});
    return values(dx);
  }
  std::vector<float> weight_gradient(const cases::CaseInputs::Quantized& x) {
    const Tensor dw = in.zeros({1, kRows, kCols});
    ops(WeightGradient{
        .x = {}, .q = x.q, .scales = x.scales, .dy = in.floats({kTokens, kRows}, dy), .expert_ids = {}, .dw = dw});
    return values(dw);
  }

  std::unique_ptr<Backend> backend;
  Ops ops;
  cases::CaseInputs in;
  std::vector<float> dy;
};

// |dx - exact| <= sum over k of |trit| times half a unit of the largest |dy scale| of the row, and float's roundings.
TEST_P(RoundedGradients, AnInputsGradientErrsByHalfAUnitOfItsRowATerm) {
  const Weight w = in.ternary(1, kRows, kCols, ScaleGranularity::row);
  const std::vector<float> dx = input_gradient(w);
  const Result<TernaryMatrix> trits = backend->download_weight(w);
  ASSERT_TRUE(trits.ok());
  for (int64_t t = 0; t < kTokens; ++t) {
    double largest = 0;
    for (int64_t k = 0; k < kRows; ++k)
      largest = std::max(largest, std::abs(double{dy[static_cast<size_t>(t * kRows + k)]} * trits->scale(0, k, 0)));
    for (int64_t c = 0; c < kCols; ++c) {
      double exact = 0, terms = 0, magnitude = 0;
      for (int64_t k = 0; k < kRows; ++k) {
        const double term = double{dy[static_cast<size_t>(t * kRows + k)]} * trits->value(0, k, c);
        exact += term, magnitude += std::abs(term), terms += trits->trit(0, k, c) != 0;
      }
      ASSERT_NEAR(dx[static_cast<size_t>(t * kCols + c)], exact, terms * largest * kUnit + magnitude * 0x1p-22)
          << "token " << t << ", column " << c;
    }
  }
}

// |dw - exact| <= sum over tokens of |q| times half a unit of the largest |dy scale| of the column in its 256 tokens.
TEST_P(RoundedGradients, AWeightsGradientErrsByHalfAUnitOfItsColumnATerm) {
  const auto x = in.quantized(kTokens, kCols, false);
  const std::vector<float> dw = weight_gradient(x), scales = values(x.scales);
  std::vector<int8_t> q(static_cast<size_t>(x.q.elements()));
  ops.download(x.q, std::as_writable_bytes(std::span(q)));
  ASSERT_TRUE(ops.finish().ok());
  const int64_t stride = x.q.shape[1];
  for (int64_t n = 0; n < kRows; ++n) {
    const auto gradient = [&](int64_t t) {
      return double{dy[static_cast<size_t>(t * kRows + n)]} * scales[static_cast<size_t>(t)];
    };
    std::vector<double> largest(static_cast<size_t>(kTokens / 256 + 1));
    for (int64_t t = 0; t < kTokens; ++t) {
      double& most = largest[static_cast<size_t>(t / 256)];
      most = std::max(most, std::abs(gradient(t)));
    }
    for (int64_t c = 0; c < kCols; ++c) {
      double exact = 0, bound = 0;
      for (int64_t t = 0; t < kTokens; ++t) {
        const int code = q[static_cast<size_t>(t * stride + c)];
        exact += gradient(t) * code;
        bound += std::abs(code) * (largest[static_cast<size_t>(t / 256)] * kUnit + std::abs(gradient(t)) * 0x1p-22);
      }
      ASSERT_NEAR(dw[static_cast<size_t>(n * kCols + c)], exact, bound) << "row " << n << ", column " << c;
    }
  }
}

TEST_P(RoundedGradients, WhatIsNotFiniteIsNotHidden) {
  const Weight w = in.ternary(1, kRows, kCols, ScaleGranularity::row);
  const auto x = in.quantized(kTokens, kCols, false);
  for (const float bad : {NAN, INFINITY, -INFINITY}) {
    dy[static_cast<size_t>(5 * kRows + 66)] = bad;
    const std::vector<float> dx = input_gradient(w), dw = weight_gradient(x);
    for (int64_t c = 0; c < kCols; ++c) {
      EXPECT_FALSE(std::isfinite(dx[static_cast<size_t>(5 * kCols + c)]));
      EXPECT_TRUE(std::isfinite(dx[static_cast<size_t>(6 * kCols + c)]));
      EXPECT_FALSE(std::isfinite(dw[static_cast<size_t>(66 * kCols + c)]));
      EXPECT_TRUE(std::isfinite(dw[static_cast<size_t>(65 * kCols + c)]));
    }
  }
}

TEST_P(RoundedGradients, NoGradientIsNone) {
  std::ranges::fill(dy, 0.0f);
  const std::vector<float> dx = input_gradient(in.ternary(1, kRows, kCols, ScaleGranularity::row));
  EXPECT_TRUE(std::ranges::all_of(dx, [](float v) { return v == 0.0f; }));
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(RoundedGradients);  // where no rung rounds
INSTANTIATE_TEST_SUITE_P(Levels, RoundedGradients, testing::ValuesIn(rounding_levels()), [](const auto& info) {
  std::string name = info.param;
  std::erase(name, '-');
  return name;
});

TEST(CpuBackend, ARungWithFloatsKeepsGradientsAsTheyAre) {
  const std::vector<std::string> rounding = rounding_levels();
  for (const char* level : {"avx512-vnni-float", "portable", "neon", "neon-dot"})
    EXPECT_EQ(std::ranges::count(rounding, level), 0) << level;
}

}  // namespace
}  // namespace tritium
