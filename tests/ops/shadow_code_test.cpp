// Values of one byte: which code a weight becomes, against rounding of doubles, and how weights are written in rows of
// codes.
#include "shaders/lib/shadow_code.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "backends.h"
#include "base/counter_rng.h"
#include "cpu_ref/reference_backend.h"
#include "cpu_ref/shadow.h"
#include "ops/ops.h"
#include "selftest/case_inputs.h"

namespace tritium {
namespace {

constexpr float kSteps[] = {0.00237f, 1.0f, 0.3f, 1e-7f, 7.77e9f, 0x1.fffffep-9f};

// From far inside the range to a little beyond it.
float some_weight(uint64_t i, float step) { return static_cast<float>(30.0 * random_normal(7, i)) * step; }
uint32_t some_bits(uint64_t i) { return static_cast<uint32_t>(random_bits(11, i) >> 40); }

TEST(ShadowCode, NearestIsTheRoundedQuotientOfDoubles) {
  for (const float step : kSteps)
    for (uint64_t i = 0; i < 100'000; ++i) {
      const float w = some_weight(i, step);
      const double exactly = double{w} / double{step}, kept = std::fmin(std::fabs(exactly), 127.0);
      // Values of codes are floats: a middle of two of them is known to half a unit of those.
      if (std::fabs(kept - std::floor(kept) - 0.5) < 1e-4) continue;
      ASSERT_EQ(shader::shadow_code_nearest(w, step), std::copysign(std::nearbyint(kept), exactly)) << w << " " << step;
    }
}

TEST(ShadowCode, AMiddleGoesToTheEvenOne) {
  for (const auto& [w, code] : {std::pair{0.5f, 0}, {1.5f, 2}, {2.5f, 2}, {-2.5f, -2}, {-3.5f, -4}, {126.5f, 126}})
    EXPECT_EQ(shader::shadow_code_nearest(w, 1.0f), code) << w;
}

TEST(ShadowCode, StochasticIsOneOfTheTwoNextToTheWeight) {
  for (const float step : kSteps)
    for (uint64_t i = 0; i < 100'000; ++i) {
      const float w = some_weight(i, step);
      const double magnitude = std::fmin(std::fabs(double{w}) / double{step}, 127.0);
      const int code = shader::shadow_code_stochastic(w, step, some_bits(i));
      ASSERT_LT(std::fabs(std::abs(code) - magnitude), 1.0 + 1e-4) << w << " " << step;
      ASSERT_TRUE(code == 0 || (code < 0) == (w < 0)) << w;
    }
}

TEST(ShadowCode, StochasticIsUnbiased) {
  constexpr int kDraws = 200'000;
  for (const float w : {0.1f, -0.5f, 3.03f, -77.7f, 126.9f, 1e-3f}) {
    double sum = 0;
    for (uint32_t i = 0; i < kDraws; ++i) sum += shader::shadow_code_stochastic(w, 1.0f, some_bits(i));
    const double part = std::fabs(w) - std::floor(std::fabs(w));
    EXPECT_NEAR(sum / kDraws, w, 4 * std::sqrt(part * (1 - part) / kDraws)) << w;
  }
}

TEST(ShadowCode, WhatLiesBeyondTheLastCodeSaturates) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  for (const float step : kSteps)
    for (const float w : {127.0f * step, 127.4f * step, 1e4f * step, kInfinity})
      for (const uint32_t random : {0u, 0xFFFFFFu}) {
        EXPECT_EQ(shader::shadow_code_nearest(w, step), 127) << w;
        EXPECT_EQ(shader::shadow_code_nearest(-w, step), -127) << w;
        EXPECT_EQ(shader::shadow_code_stochastic(w, step, random), 127) << w;
        EXPECT_EQ(shader::shadow_code_stochastic(-w, step, random), -127) << w;
      }
  EXPECT_EQ(std::abs(shader::shadow_code_nearest(std::numeric_limits<float>::quiet_NaN(), 1.0f)), 127);
}

TEST(ShadowCode, ValuesOfCodesAreWrittenBackAsTheSameCodes) {
  for (uint64_t s = 0; s < 20'000; ++s) {
    const auto step = static_cast<float>(std::exp2(60.0 * random_unit(3, s) - 30.0));
    for (const int code : {-127, -126, -64, -1, 0, 1, 2, 31, 85, 113, 125, 126, 127}) {
      const float w = shader::shadow_code_value(code, step);
      ASSERT_EQ(shader::shadow_code_nearest(w, step), code) << step;
      for (const uint32_t random : {0u, some_bits(s), 0xFFFFFFu})
        ASSERT_EQ(shader::shadow_code_stochastic(w, step, random), code) << step;
    }
  }
}

// Steps of plain descent whose results are known exactly: 1 is 4 codes.
TEST(ShadowUpdateReference, WritesRowsOfCodes) {
  std::vector<int8_t> codes = {4, -4, 126, -126, 0, 99, 99, 99};  // columns of padding stay
  std::vector<float> gradient = {0.5f, 0.5f, -8.0f, 8.0f, 0.125f}, sums(1);
  SgdUpdateParams p{};
  p.shadow = {.n_rows = 1,
              .cols = 5,
              .plane = {.row_stride = 8, .dtype = TRITIUM_DTYPE_I8, .code_step = 0.25f},
              .n_groups = 1,
              .group_size = 5,
              .with_sums = 1};
  p.learning_rate = 1.0f, p.gradient_scale = 1.0f;
  cpu_ref::sgd_update(p, std::as_writable_bytes(std::span(codes)), sums, {}, {}, {}, {}, gradient, {}, {});
  EXPECT_EQ(codes, (std::vector<int8_t>{2, -6, 127, -127, 0, 99, 99, 99}));
  EXPECT_EQ(sums[0], 0.25f * (2 + 6 + 127 + 127));
}

// A step of plain descent, whose differences are rounded once on every device: rows of an odd length, two matrices of
// which one was not used.
std::vector<int8_t> codes_after_a_step(Backend& backend, Rounding rounding) {
  Ops ops(backend);
  cases::CaseInputs in(ops, 5);
  const Weight parameter = in.dense(3, 9, 299, DType::i8);
  in.run(SgdUpdate{.shadow = {.parameter = parameter,
                              .rounding = rounding,
                              .seed = 7,
                              .step = 3,
                              .stream = 11,
                              .uses = in.floats({3}, {1.0f, 0.0f, 2.0f})},
                   .gradient = in.random({3, 9, 299}, 0.01),
                   .m = {},
                   .learning_rate = 1.0f});
  std::vector<int8_t> codes(static_cast<size_t>(parameter.data.elements()));
  ops.download(parameter.data, std::as_writable_bytes(std::span(codes)));
  EXPECT_TRUE(ops.finish().ok());
  EXPECT_TRUE(in.status().ok());
  return codes;
}

void expect_the_codes_of_the_reference(const BackendOptions& options) {
  const std::unique_ptr<Backend> reference = make_reference_backend();
  Result<std::unique_ptr<Backend>> backend = make_backend(options);
  ASSERT_TRUE(backend.ok()) << backend.message();
  for (const Rounding rounding : {Rounding::nearest, Rounding::stochastic})
    EXPECT_TRUE(codes_after_a_step(**backend, rounding) == codes_after_a_step(*reference, rounding))
        << static_cast<int>(rounding);
}

TEST(ShadowCode, IsTheSameOnEveryRung) {
  for (const std::string& rung : cpu_rungs()) {
    SCOPED_TRACE(rung);
    expect_the_codes_of_the_reference({.backend = "cpu", .threads = 2, .rung = rung, .capture_file = {}, .log = {}});
  }
}

TEST(ShadowCode, IsTheSameOnVulkan) {
  const BackendOptions options = {.backend = "vulkan", .threads = 0, .capture_file = {}, .log = {}};
  if (const auto made = make_backend(options); !made.ok()) GTEST_SKIP() << made.message();
  expect_the_codes_of_the_reference(options);
}

TEST(ParameterChecks, CodesNeedAStep) {
  Tensor data = {std::make_shared<Buffer>(), {1, 2, 8}, DType::i8};
  Weight w = {.dtype = DType::i8, .rows = 2, .cols = 5, .row_stride = 8, .name = "w", .data = data, .scales = {}};
  const auto check = [&w] {
    Checker c("op");
    return check_parameter(c, w).status().message();
  };
  EXPECT_NE(check().find("must have a step"), std::string::npos);
  w.code_step = 0.5f;
  EXPECT_EQ(check(), "");
  w.row_stride = 5;
  EXPECT_NE(check().find("multiples of 4"), std::string::npos);
}

}  // namespace
}  // namespace tritium
