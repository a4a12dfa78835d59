// Scales of integers: what they are, that the searched one is the best of its five, and that what is on the grid stays.
#include "ops/integer_scales.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "base/counter_rng.h"
#include "cpu_ref/weight_value.h"
#include "shaders/lib/integers.h"
#include "shaders/params/dtype.h"
#include "tensor/half.h"

namespace tritium {
namespace {

struct Search {
  uint32_t qmax = 7;
  bool clip = false, to_f16 = false;
  uint32_t group_size = 0;
};

std::vector<float> scales_of(const std::vector<float>& row, const Search& how) {
  const auto n = static_cast<uint32_t>(row.size()), group = how.group_size > 0 ? how.group_size : n;
  const uint32_t n_groups = (n + group - 1) / group;
  std::vector<float> scales(n_groups);
  cpu_ref::integer_scales({.n_rows = 1,
                           .cols = n,
                           .plane = {.row_stride = n, .dtype = TRITIUM_DTYPE_F32, .code_step = 0.0f},
                           .quantizer = how.qmax,
                           .n_groups = n_groups,
                           .group_size = group,
                           .clip_search = how.clip ? 1u : 0u,
                           .round_to_f16 = how.to_f16 ? 1u : 0u},
                          std::as_bytes(std::span(row)), scales);
  return scales;
}
float scale_of(const std::vector<float>& row, const Search& how) { return scales_of(row, how).front(); }

// Normal weights, a few of them far out.
std::vector<float> random_row(size_t n, uint64_t seed, double outliers = 0.01) {
  std::vector<float> row(n);
  for (size_t i = 0; i < n; ++i) {
    const double far = random_unit(seed + 1, i) < outliers ? 8.0 : 1.0;
    row[i] = static_cast<float>(0.02 * far * random_normal(seed, i));
  }
  return row;
}

// By the definition, in doubles and with a real division.
double error_of(const std::vector<float>& row, double scale, double qmax) {
  double sum = 0;
  for (double w : row) sum += std::pow(w - scale * std::clamp(std::nearbyint(w / scale), -qmax, qmax), 2);
  return sum;
}

// What of it a float cannot tell: differences w - s code are off by some 2^-23 of |w|.
double unsure_error(const std::vector<float>& row, double scale, double qmax) {
  double sum = 0;
  for (double w : row)
    sum += 2 * std::abs(w - scale * std::clamp(std::nearbyint(w / scale), -qmax, qmax)) * std::abs(w) * 0x1p-22;
  return sum;
}

double quantile(std::vector<float> row, double p) {
  for (float& w : row) w = std::abs(w);
  std::ranges::sort(row);
  const double at = p * static_cast<double>(row.size() - 1);
  const auto below = static_cast<size_t>(at);
  if (below + 1 == row.size()) return row[below];
  return row[below] + (at - static_cast<double>(below)) * (row[below + 1] - row[below]);
}

constexpr std::array kQuantiles = {0.999, 0.9995, 0.9999, 0.99999, 1.0};

TEST(IntegerScales, TheLargestWeightHasTheLargestCode) {
  EXPECT_FLOAT_EQ(scale_of({1.0f, -3.5f, 2.0f}, {}), 0.5f);
  EXPECT_FLOAT_EQ(scale_of({1.0f, -3.5f, 2.0f}, {.qmax = 127}), 3.5f / 127);
}

TEST(IntegerScales, GroupsHaveTheirOwn) {
  std::vector<float> row(40, 0.7f);
  std::fill(row.begin() + 16, row.begin() + 32, -7.0f);
  row[39] = 14.0f;  // the last group is shorter
  const std::vector<float> scales = scales_of(row, {.group_size = 16});
  ASSERT_EQ(scales.size(), 3u);
  EXPECT_FLOAT_EQ(scales[0], 0.1f);
  EXPECT_FLOAT_EQ(scales[1], 1.0f);
  EXPECT_FLOAT_EQ(scales[2], 2.0f);
}

TEST(IntegerScales, TheSearchedOneHasTheLeastErrorOfTheFive) {
  for (size_t n : {3u, 200u, 1500u, 30000u})
    for (uint32_t qmax : {7u, 15u, 31u, 127u})
      for (bool to_f16 : {false, true})
        for (uint64_t seed = 0; seed < 5; ++seed) {
          const std::vector<float> row = random_row(n, 10 * seed);
          const float found = scale_of(row, {.qmax = qmax, .clip = true, .to_f16 = to_f16});
          double least = INFINITY;
          bool among = false;
          for (double p : kQuantiles) {
            const auto unrounded = static_cast<float>(quantile(row, p) / qmax);
            const float scale = to_f16 ? f16_to_f32(f32_to_f16(unrounded)) : unrounded;
            least = std::min(least, error_of(row, double{scale}, qmax));
            // Half a unit of F16 where a float's last bit decides it.
            among = among || std::abs(found - scale) <= (to_f16 ? 0x1p-10f : 1e-6f) * scale;
          }
          EXPECT_TRUE(among) << n << " weights, qmax " << qmax;
          EXPECT_LE(error_of(row, double{found}, qmax), least + unsure_error(row, double{found}, qmax))
              << n << " " << qmax;
        }
}

TEST(IntegerScales, SearchClipsWhatLiesFarOut) {
  std::vector<float> row = random_row(20000, 3, 0.0);
  row[77] = 1.0f;  // 50 deviations
  const float all = scale_of(row, {}), searched = scale_of(row, {.clip = true});
  EXPECT_LT(searched, 0.2f * all);
  EXPECT_LT(error_of(row, double{searched}, 7), 0.7 * error_of(row, double{all}, 7));
}

TEST(IntegerScales, AreHalvesWhereTheyAreStoredAsHalves) {
  for (uint64_t seed = 0; seed < 20; ++seed)
    for (bool clip : {false, true}) {
      const float s = scale_of(random_row(300, seed), {.qmax = 31, .clip = clip, .to_f16 = true});
      EXPECT_EQ(s, f16_to_f32(f32_to_f16(s)));
      EXPECT_GT(s, 0.0f);
    }
}

TEST(IntegerScales, OfZerosAreZero) {
  for (bool clip : {false, true}) EXPECT_EQ(scale_of({0.0f, -0.0f, 0.0f}, {.clip = clip, .to_f16 = true}), 0.0f);
}

// Codes of s times codes are those codes, and s comes out again, for scales that F16 holds.
TEST(IntegerScales, AreIdempotent) {
  for (int qmax : {7, 15, 31, 127})
    for (bool clip : {false, true})
      for (float s : {0x1p-24f, 3 * 0x1p-24f, f16_to_f32(f32_to_f16(0.0137f)), 1.0f, 65504.0f}) {
        std::vector<float> row(500);
        std::vector<int> codes(row.size());
        for (size_t i = 0; i < row.size(); ++i) {
          codes[i] = static_cast<int>(random_bits(8, i) % static_cast<uint64_t>(2 * qmax + 1)) - qmax;
          if (i == 123) codes[i] = -qmax;
          row[i] = s * static_cast<float>(codes[i]);
        }
        const float again = scale_of(row, {.qmax = static_cast<uint32_t>(qmax), .clip = clip, .to_f16 = true});
        EXPECT_EQ(again, s) << qmax << (clip ? " searched" : "");
        for (size_t i = 0; i < row.size(); ++i)
          ASSERT_EQ(shader::quantize_to_integer(row[i], shader::inverse_of_scale(again), qmax), codes[i]);
      }
}

// Of rows whose scale no F16 holds: the smallest there is, and nothing is divided by 0 or endless.
TEST(IntegerScales, TinyAndHugeRowsHaveAScaleThatIsANumber) {
  for (bool clip : {false, true}) {
    const Search how = {.clip = clip, .to_f16 = true};
    EXPECT_EQ(scale_of({1e-8f, -3e-9f}, how), 0x1p-24f);
    EXPECT_EQ(scale_of({1e30f, -1e20f}, how), 65504.0f);
    EXPECT_EQ(scale_of({1e-31f, 1e-36f}, how), 0.0f);
    EXPECT_EQ(shader::quantize_to_integer(1e-8f, shader::inverse_of_scale(0x1p-24f), 7), 0);
    EXPECT_EQ(shader::quantize_to_integer(4e-7f, shader::inverse_of_scale(0x1p-24f), 7), 7);
  }
}

}  // namespace
}  // namespace tritium
