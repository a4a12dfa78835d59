#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "cpu_ref/shadow.h"
#include "ops/all.h"
#include "shaders/lib/moments.h"
#include "shaders/lib/shadow.h"
#include "shaders/params/dtype.h"
#include "tensor/half.h"

namespace tritium {

namespace {

// One weight through `steps` steps with the same gradient.
float after_steps(int steps, float gradient_value, float weight_decay = 0.0f) {
  std::vector<float> w = {1.0f}, m = {0.0f}, v = {0.0f};
  for (int t = 1; t <= steps; ++t) {
    std::vector<float> gradient = {gradient_value};
    AdamwUpdateParams p{};
    p.shadow = {.n_rows = 1,
                .cols = 1,
                .plane = {.row_stride = 1, .dtype = TRITIUM_DTYPE_F32, .code_step = 0.0f},
                .n_groups = 1,
                .group_size = 1};
    p.learning_rate = 0.1f, p.beta1 = 0.9f, p.beta2 = 0.99f, p.eps = 1e-8f, p.weight_decay = weight_decay;
    p.correction1 = static_cast<float>(1 / (1 - std::pow(0.9, t)));
    p.correction2 = static_cast<float>(1 / (1 - std::pow(0.99, t)));
    p.gradient_scale = 1.0f;
    cpu_ref::adamw_update(p, std::as_writable_bytes(std::span(w)), {}, {}, {}, {}, {}, gradient,
                          std::as_writable_bytes(std::span(m)), std::as_writable_bytes(std::span(v)), {}, {}, {});
    EXPECT_EQ(gradient[0], 0.0f) << "the pass clears the gradient";
  }
  return w[0];
}

}  // namespace

// With corrected moments and a constant gradient every step is learning_rate * sign(gradient) (Kingma & Ba 2015, 2.1).
TEST(AdamwUpdateReference, AConstantGradientMovesByTheLearningRate) {
  EXPECT_NEAR(after_steps(1, 3.0f), 0.9f, 1e-5);
  EXPECT_NEAR(after_steps(5, -0.02f), 1.5f, 1e-4);
}

TEST(AdamwUpdateReference, WeightDecayIsDecoupledFromTheMoments) {
  EXPECT_NEAR(after_steps(1, 3.0f, 0.5f), 1.0f - 0.1f * (1.0f + 0.5f), 1e-5);
}

TEST(StochasticRounding, IsUnbiasedOverManyDraws) {
  for (float w : {1.001f, -0.3337f, 1e-3f, 77.7f}) {
    double sum = 0;
    constexpr int kDraws = 200000;
    for (uint32_t i = 0; i < kDraws; ++i)
      sum += bf16_to_f32(static_cast<uint16_t>(shader::bf16_stochastic(w, shader::random_words(1, 2, 3, i).x)));
    // The rounding error of one draw is below a unit of the 8th bit; of the mean, below 5 deviations of it.
    EXPECT_NEAR(sum / kDraws, w, 5 * std::abs(w) / 128 / std::sqrt(kDraws));
  }
}

TEST(StochasticRounding, NeverMovesAValueThatBf16Holds) {
  for (uint32_t i = 0; i < 1000; ++i)
    EXPECT_EQ(shader::bf16_stochastic(-1.5f, shader::random_words(1, 2, 3, i).x), shader::bf16_nearest(-1.5f));
}

TEST(RandomWords, DependOnEachOfTheirArguments) {
  const auto x = [](uint32_t a, uint32_t b, uint32_t c, uint32_t d) { return shader::random_words(a, b, c, d).x; };
  EXPECT_NE(x(1, 2, 3, 4), x(2, 2, 3, 4));
  EXPECT_NE(x(1, 2, 3, 4), x(1, 3, 3, 4));
  EXPECT_NE(x(1, 2, 3, 4), x(1, 2, 4, 4));
  EXPECT_NE(x(1, 2, 3, 4), x(1, 2, 3, 5));
}

TEST(BoundaryNoise, MovesOnlyWeightsNearTheBoundary) {
  const auto noisy = [](float w) { return shader::with_boundary_noise(w, 1.0f, 0.05f, 0.1f, 1, 2, 3, 4); };
  EXPECT_NE(noisy(0.55f), 0.55f);
  EXPECT_NE(noisy(-0.45f), -0.45f);
  for (float w : {0.0f, 0.3f, 0.61f, 2.0f}) EXPECT_EQ(noisy(w), w);
}

TEST(BoundaryNoise, IsStandardNormalTimesItsScale) {
  double sum = 0, squares = 0;
  constexpr int kDraws = 100000;
  for (uint32_t i = 0; i < kDraws; ++i) {
    const double n = shader::random_normal_of(shader::random_words(9, 8, 7, i));
    sum += n, squares += n * n;
  }
  EXPECT_NEAR(sum / kDraws, 0.0, 5 / std::sqrt(kDraws));
  EXPECT_NEAR(squares / kDraws, 1.0, 0.03);
}

TEST(EightBitMoments, AreUnbiasedOverManyDraws) {
  constexpr int kDraws = 100000;
  for (float value : {0.9f, 0.1f, 1e-3f}) {
    double m = 0, v = 0;
    for (uint32_t i = 0; i < kDraws; ++i) {
      const uint32_t r = shader::random_words(1, 1, 1, i).y;
      m += shader::decode_first_moment(shader::encode_first_moment(-value, 1.0f, r), 1.0f);
      v += shader::decode_second_moment(shader::encode_second_moment(value, 1.0f, r), 1.0f);
    }
    EXPECT_NEAR(m / kDraws, -value, 0.002 * value + 1e-5);
    EXPECT_NEAR(v / kDraws, value, 0.002 * value + 1e-6);
  }
}

}  // namespace tritium
