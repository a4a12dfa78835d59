// shaders/lib gives the same results compiled as GLSL and as C++: to the bit where exactness is promised, within a few
// units of the last place where exp is involved.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>

#include "base/counter_rng.h"
#include "shaders/lib/activation.h"
#include "shaders/lib/rounding.h"
#include "shaders/lib/ternary.h"
#include "tests/vulkan/test_gpu.h"

namespace tritium::vulkan {
namespace {

constexpr size_t kValues = 20000;
constexpr size_t kExactResults = 6;  // shared_functions.comp
constexpr size_t kRoundedResults = 4;

class SharedFunctionsOnDevice : public GpuTest {
 protected:
  void SetUp() override {
    GpuTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    for (size_t i = 0; i < kValues; ++i) {
      const double size = std::exp2(60.0 * random_unit(1, i) - 40.0);
      x_.push_back(static_cast<float>(size * random_normal(2, i)));
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
        in_range ? std::bit_cast<uint32_t>(shader::exact_127_over(magnitude)) : 0u,
        static_cast<uint32_t>(shader::quantize_to_int8(value, 0.37f)),
        std::bit_cast<uint32_t>(shader::activation_scale(magnitude)),
        std::bit_cast<uint32_t>(shader::accumulate_segment(value, static_cast<int>(word) >> 8, 0.3f, 0.7f))};
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
                                             shader::gate_value(value, 3.0f, static_cast<uint32_t>(i % 3), 7.0f)};
    for (size_t f = 0; f < kRoundedResults; ++f)
      ASSERT_NEAR(rounded_[kRoundedResults * i + f], expected[f], kBound * std::abs(expected[f]) + 1e-30f)
          << "function " << f << " of " << value;
  }
}

}  // namespace
}  // namespace tritium::vulkan
