// shaders/lib gives the same results compiled as GLSL and as C++: to the bit where exactness is promised, within a few
// units of the last place where exp is involved.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "base/counter_rng.h"
#include "shaders/lib/activation.h"
#include "shaders/lib/integers.h"
#include "shaders/lib/rounding.h"
#include "shaders/lib/softmax.h"
#include "shaders/lib/ternary.h"
#include "tests/vulkan/test_gpu.h"

namespace tritium::vulkan {
namespace {

constexpr size_t kValues = 20000;
// Where a branch of one of the functions lies, and the ends of the range.
constexpr float kEdges[] = {0.0f,     1.0f,   -1.0f,  0.5f,     -0.5f,    10.0f,   -10.0f, 10.001f,
                            -10.001f, 87.0f,  -87.0f, 87.01f,   -88.0f,   -88.72f, -89.0f, 104.0f,
                            -104.0f,  1e15f,  -1e15f, 1e30f,    -1e30f,   1.5e38f, 3e38f,  -3e38f,
                            1e-30f,   2e-30f, 127.0f, 0x1p-99f, 0x1p100f, 343.24f, 344.6f, -344.6f};
constexpr size_t kExactResults = 10;  // shared_functions.comp
constexpr size_t kRoundedResults = 5;

class SharedFunctionsOnDevice : public GpuTest {
 protected:
  void SetUp() override {
    GpuTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    for (size_t i = 0; i < kValues; ++i) {
      const double size = std::exp2(60.0 * random_unit(1, i) - 40.0);
      x_.push_back(i < std::size(kEdges) ? kEdges[i] : static_cast<float>(size * random_normal(2, i)));
      words_.push_back(static_cast<uint32_t>(random_bits(3, i)));
    }
    const Tensor x = tensor(x_, "x");
    const Tensor words = *gpu().allocate({int64_t{kValues}}, DType::i32, "words");
    ASSERT_TRUE(gpu().upload(words, std::as_bytes(std::span(words_))).ok());
    const Tensor exact = *gpu().allocate({int64_t{kExactResults * kValues}}, DType::i32, "exact");
    const Tensor rounded = *gpu().allocate({int64_t{kRoundedResults * kValues}}, DType::f32, "rounded");
    const auto n = static_cast<uint32_t>(kValues);
    const Status run =
        gpu().recorder().dispatch({.kernel = "shared_functions",
                                   .bindings = {{&x}, {&words}, {&exact, Access::write}, {&rounded, Access::write}},
                                   .push_constants = bytes_of(n),
                                   .groups = {(n + 63) / 64, 1, 1}});
    ASSERT_TRUE(run.ok()) << run.message();
    exact_.resize(kExactResults * kValues);
    rounded_.resize(kRoundedResults * kValues);
    ASSERT_TRUE(gpu().download(exact, std::as_writable_bytes(std::span(exact_))).ok());
    ASSERT_TRUE(gpu().download(rounded, std::as_writable_bytes(std::span(rounded_))).ok());
  }

  std::vector<float> x_;
  std::vector<uint32_t> words_, exact_;
  std::vector<float> rounded_;
};

TEST_F(SharedFunctionsOnDevice, IntegerAndRoundingFunctionsAreEqualToTheBit) {
  for (size_t i = 0; i < kValues; ++i) {
    const float value = x_[i], magnitude = std::abs(value);
    const uint32_t word = words_[i];
    const auto index = static_cast<uint32_t>(i);
    const bool in_range = magnitude >= TRITIUM_SMALLEST_MAX;
    const uint32_t expected[kExactResults] = {
        static_cast<uint32_t>(shader::unpack_trit(word, index % 16)),
        static_cast<uint32_t>(shader::unpack_i8(word, index % 4)),
        in_range ? std::bit_cast<uint32_t>(shader::exact_quotient(127, magnitude)) : 0u,
        static_cast<uint32_t>(shader::quantize_to_int8(value, 0.37f)),
        std::bit_cast<uint32_t>(shader::activation_scale(magnitude)),
        std::bit_cast<uint32_t>(shader::accumulate_segment(value, static_cast<int>(word) >> 8, 0.3f, 0.7f)),
        static_cast<uint32_t>(shader::unpack_code(word, index % 16)),
        std::bit_cast<uint32_t>(shader::bounded_score(value)),
        static_cast<uint32_t>(shader::quantize_to_integer(value, 0.37f, 31)),
        std::bit_cast<uint32_t>(shader::integer_scale(magnitude, 15))};
    for (size_t f = 0; f < kExactResults; ++f)
      ASSERT_EQ(exact_[kExactResults * i + f], expected[f]) << "function " << f << " of " << value << ", " << word;
  }
}

TEST_F(SharedFunctionsOnDevice, ActivationsAgreeWithinWhatVulkanAllowsExp) {
  // exp(x) may err by 3 + 2|x| units of 2^-23 (Vulkan, "Precision of core SPIR-V instructions"), and |x| goes to 104
  // before it overflows; its argument is rounded four times on the way, each 2^-24 of up to 104.
  constexpr float kBound = (3 + 2 * 104) * 0x1p-23f + 4 * 104 * 0x1p-24f;
  for (size_t i = 0; i < kValues; ++i) {
    const float value = x_[i];
    const float expected[kRoundedResults] = {shader::silu(value), shader::gelu_tanh(value), shader::relu2(value),
                                             shader::gate_value(value, 3.0f, static_cast<uint32_t>(i % 3), 7.0f),
                                             shader::softmax_term(-std::abs(value), 0.0f)};
    for (size_t f = 0; f < kRoundedResults; ++f) {
      if (rounded_[kRoundedResults * i + f] == expected[f]) continue;  // infinities too
      ASSERT_NEAR(rounded_[kRoundedResults * i + f], expected[f], kBound * std::abs(expected[f]) + 1e-30f)
          << "function " << f << " of " << value;
    }
  }
}

// Against the definitions in double, on both sides of every branch: the error is absolute where the true value is
// below what a float's neighbours of 1 resolve.
TEST(SharedFunctionsInCpp, ActivationsAreTheirDefinitions) {
  for (uint64_t i = 0; i < 300'000; ++i) {
    const auto x = static_cast<float>(random_unit(3, i) * 240.0 - 120.0);
    const double d = x;
    const double u = 0.7978845608028654 * (d + 0.044715 * d * d * d);
    // exp's argument of up to 90 is rounded to 2^-24 of itself several times.
    const auto bound = [](double value) { return 3e-5 * std::abs(value) + 1e-35; };
    const double silu_value = d / (1.0 + std::exp(-d)), gelu_value = d / (1.0 + std::exp(-2.0 * u));
    ASSERT_NEAR(shader::silu(x), silu_value, bound(silu_value)) << x;
    ASSERT_NEAR(shader::gelu_tanh(x), gelu_value, bound(gelu_value)) << x;
    ASSERT_NEAR(shader::softmax_term(-std::abs(x), 0.0f), std::exp(-std::abs(d)), 3e-5 * std::exp(-std::abs(d)) + 1e-37)
        << x;
  }
}

TEST(SharedFunctionsInCpp, SlopesOfActivationsAreTheirDerivatives) {
  for (uint64_t i = 0; i < 300'000; ++i) {
    const auto x = static_cast<float>(random_unit(4, i) * 240.0 - 120.0);
    const double d = x, step = 1e-5;
    const auto silu = [](double v) { return v / (1.0 + std::exp(-v)); };
    const auto gelu = [](double v) {
      return v / (1.0 + std::exp(-2.0 * 0.7978845608028654 * (v + 0.044715 * v * v * v)));
    };
    // Slopes lie in -0.2 … 1.2; products in them, of x and what nears 0 as x grows, are no larger.
    ASSERT_NEAR(shader::silu_slope(x), (silu(d + step) - silu(d - step)) / (2 * step), 2e-6) << x;
    ASSERT_NEAR(shader::gelu_tanh_slope(x), (gelu(d + step) - gelu(d - step)) / (2 * step), 2e-6) << x;
    ASSERT_EQ(shader::relu2_slope(x), x > 0 ? 2 * x : 0.0f);
  }
}

TEST(SharedFunctionsInCpp, GatesHaveNoSlopeBeyondTheClamp) {
  for (uint32_t activation : {0u, 1u, 2u}) {
    const float at_clamp = shader::gate_value(0.5f, 1.0f, activation, 0.0f);
    EXPECT_EQ(shader::slope_in_gate(0.6f, 0.2f, activation, 0.5f), 0.0f);
    EXPECT_EQ(shader::slope_in_gate(0.4f, 3.0f, activation, 0.5f), shader::slope_in_gate(0.4f, 0.5f, activation, 0.0f));
    EXPECT_EQ(shader::slope_in_up(0.6f, 0.2f, activation, 0.5f), at_clamp);
    EXPECT_EQ(shader::slope_in_up(0.4f, -0.6f, activation, 0.5f), 0.0f);
  }
}

TEST(SharedFunctionsInCpp, SoftmaxTermsAreFiniteForInfiniteGaps) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(shader::softmax_term(-kInfinity, 3.0f), 0.0f);
  EXPECT_EQ(shader::softmax_term(-3e38f, 3e38f), 0.0f);
  EXPECT_EQ(shader::softmax_term(1e30f, 1e30f), 1.0f);
  EXPECT_EQ(shader::softmax_term(shader::bounded_score(kInfinity), shader::bounded_score(kInfinity)), 1.0f);
  EXPECT_EQ(shader::softmax_term(shader::bounded_score(-kInfinity), shader::bounded_score(kInfinity)), 0.0f);
}

}  // namespace
}  // namespace tritium::vulkan
