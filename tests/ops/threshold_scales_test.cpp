// Scales of the threshold quantiser: what they are, and that weights made of them give them again.
#include "ops/threshold_scales.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/counter_rng.h"
#include "cpu_ref/weight_value.h"
#include "shaders/lib/ternary.h"
#include "shaders/params/dtype.h"
#include "tensor/half.h"

namespace tritium {
namespace {

struct Scales {
  float alpha = 0, bound = 0;
};

Scales scales_of(const std::vector<float>& row, bool round_to_f16 = false) {
  Scales s;
  cpu_ref::threshold_scales(
      {.n_rows = 1,
       .cols = static_cast<uint32_t>(row.size()),
       .plane = {.row_stride = static_cast<uint32_t>(row.size()), .dtype = TRITIUM_DTYPE_F32, .code_step = 0.0f},
       .round_to_f16 = round_to_f16 ? 1u : 0u},
      std::as_bytes(std::span(row)), std::span(&s.alpha, 1), std::span(&s.bound, 1));
  return s;
}

TEST(ThresholdScales, KeepWhatIsAboveSevenTenthsOfTheMean) {
  // mean |w| 1, threshold 0.7: 0.6 is dropped, the others' mean is (0.8 + 1 + 1.6) / 3.
  const Scales s = scales_of({0.6f, -0.8f, 1.0f, -1.6f});
  EXPECT_FLOAT_EQ(s.bound, 1.4f);
  EXPECT_FLOAT_EQ(s.alpha, 3.4f / 3);
}

TEST(ThresholdScales, OfZerosAreZero) {
  const Scales s = scales_of({0.0f, 0.0f, -0.0f});
  EXPECT_EQ(s.alpha, 0.0f);
  EXPECT_EQ(shader::ternary_trit(0.0f, s.bound), 0);
}

// From one weight that is not 0 to all: the trits and the scale that a file stores come out again.
TEST(ThresholdScales, AreIdempotent) {
  for (const float alpha : {f16_to_f32(f32_to_f16(0.0137f)), 1.0f, f16_to_f32(f32_to_f16(61.3f))})
    for (int percent : {1, 10, 50, 70, 100}) {
      std::vector<int> trits;
      std::vector<float> row;
      for (uint64_t i = 0; i < 301; ++i) {
        const bool kept = i == 7 || random_unit(5, i) * 100 < percent;
        trits.push_back(kept ? (random_bits(6, i) & 1 ? 1 : -1) : 0);
        row.push_back(alpha * static_cast<float>(trits.back()));
      }
      for (bool rounded : {false, true}) {
        const Scales s = scales_of(row, rounded);
        EXPECT_EQ(s.alpha, alpha) << percent;
        for (size_t i = 0; i < row.size(); ++i) ASSERT_EQ(shader::ternary_trit(row[i], s.bound), trits[i]) << percent;
      }
    }
}

// Of normal weights, in dB: the figures of the training notes.
TEST(ThresholdScales, FitNormalWeightsBetterThanTheirMeanMagnitude) {
  std::vector<float> row(1 << 16);
  double power = 0, mean = 0;
  for (size_t i = 0; i < row.size(); ++i) {
    row[i] = static_cast<float>(random_normal(9, i));
    power += double{row[i]} * row[i];
    mean += std::abs(row[i]) / static_cast<double>(row.size());
  }
  const auto decibels = [&](float alpha, float bound) {
    double error = 0;
    for (float w : row) error += std::pow(w - alpha * static_cast<float>(shader::ternary_trit(w, bound)), 2);
    return 10 * std::log10(power / error);
  };
  const Scales s = scales_of(row);
  EXPECT_NEAR(decibels(s.alpha, s.bound), 7.18, 0.05);
  EXPECT_NEAR(decibels(static_cast<float>(mean), static_cast<float>(mean)), 5.79, 0.05);
}

}  // namespace
}  // namespace tritium
