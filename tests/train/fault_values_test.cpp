// What faulty exports make of weights, against their definitions spelled out.
#include "train/study/fault_values.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tensor/half.h"

namespace tritium::training {
namespace {

std::vector<float> weights(size_t n, float spread) {
  std::vector<float> w;
  for (size_t i = 0; i < n; ++i) w.push_back(spread * static_cast<float>(std::sin(static_cast<double>(i * i) + 0.3)));
  return w;
}

QuantisedMatrix matrix(const std::vector<float>& shadow, const std::vector<float>& trained, int64_t cols, int qmax) {
  return {.shadow = shadow, .trained = trained, .cols = cols, .qmax = qmax};
}

TEST(Faults, AFloorOfScalesCoarsensSmallRows) {
  const std::vector<float> small = weights(64, 0.05f), large = weights(64, 3.0f);
  const std::vector<float> floored = faulty_values(Fault::scale_floor, matrix(small, small, 64, 7));
  const float step = f16_to_f32(f32_to_f16(1.0f / 7));
  for (const float v : floored) EXPECT_EQ(std::remainder(v, step), 0.0f);
  EXPECT_EQ(std::abs(*std::max_element(floored.begin(), floored.end())), 0.0f);  // below half a step
  // A row whose largest is 1 or more is as without it.
  std::vector<float> plain = faulty_values(Fault::scale_floor, matrix(large, large, 64, 7));
  float most = 0;
  for (const float w : large) most = std::max(most, std::abs(w));
  const float s = f16_to_f32(f32_to_f16(most / 7));
  for (size_t i = 0; i < plain.size(); ++i)
    EXPECT_EQ(plain[i], s * std::clamp(std::nearbyint(large[i] / s), -7.0f, 7.0f)) << i;
}

TEST(Faults, TheClipHasNoLargerErrorThanTheLargest) {
  std::vector<float> w = weights(4096, 0.1f);
  w[100] = 2.0f;  // an outlier
  const auto error = [&](const std::vector<float>& values) {
    double sum = 0;
    for (size_t i = 0; i < w.size(); ++i) sum += std::pow(double{values[i]} - w[i], 2);
    return sum;
  };
  const double clipped = error(faulty_values(Fault::export_clip, matrix(w, w, 2048, 7)));
  std::vector<float> absmax(w.size());
  for (size_t row = 0; row < 2; ++row) {
    float most = 0;
    for (size_t i = 0; i < 2048; ++i) most = std::max(most, std::abs(w[row * 2048 + i]));
    const float s = f16_to_f32(f32_to_f16(most / 7));
    for (size_t i = row * 2048; i < (row + 1) * 2048; ++i)
      absmax[i] = s * std::clamp(std::nearbyint(w[i] / s), -7.0f, 7.0f);
  }
  EXPECT_LE(clipped, error(absmax));
}

TEST(Faults, UnquantisedIsTheShadow) {
  const std::vector<float> w = weights(64, 1), q(64, 0.0f);
  EXPECT_EQ(faulty_values(Fault::unquantised_validation, matrix(w, q, 64, 7)), w);
}

// Q(Q(W)) = mean |q| Q(W).
TEST(Faults, TritsTwiceShrinkByTheShareThatIsNotZero) {
  std::vector<float> trained(128, 0.5f);
  for (size_t i = 0; i < 32; ++i) trained[4 * i] = 0;
  const std::vector<float> twice = faulty_values(Fault::requantise_twice, matrix(trained, trained, 128, 0));
  for (size_t i = 0; i < 128; ++i) EXPECT_EQ(twice[i], 0.75f * trained[i]);
}

TEST(Faults, PruningTakesTheSmallest) {
  std::vector<float> w;
  for (int i = 1; i <= 100; ++i) w.push_back(static_cast<float>(i % 2 == 0 ? i : -i));
  const std::vector<float> pruned = faulty_values(Fault::prune_after, matrix(w, w, 100, 127));
  for (size_t i = 0; i < 100; ++i) EXPECT_EQ(pruned[i] == 0, i < 5) << i;
}

TEST(Faults, UnroundedScalesAreThoseOfTheFileButForTheirRounding) {
  const std::vector<float> w = weights(128, 0.37f);
  const std::vector<float> exact = faulty_values(Fault::scale_unrounded, matrix(w, w, 128, 31));
  float most = 0;
  for (const float x : w) most = std::max(most, std::abs(x));
  const float s = most / 31;
  ASSERT_NE(s, f16_to_f32(f32_to_f16(s)));
  for (size_t i = 0; i < w.size(); ++i) EXPECT_EQ(exact[i], s * std::nearbyint(w[i] / s)) << i;
}

// By rows: the scale of one does not depend on the other.
TEST(Faults, WhatTrainedAsFloatsIsQuantisedAfterItByRows) {
  std::vector<float> w = weights(64, 1.0f);
  const std::vector<float> small = weights(64, 0.01f);
  w.insert(w.end(), small.begin(), small.end());
  for (const auto& [fault, qmax] : {std::pair{Fault::attention_after, 31}, std::pair{Fault::embedding_after, 127}}) {
    QuantisedMatrix m = matrix(w, w, 64, 0);
    m.quantised = false;
    (fault == Fault::attention_after ? m.attention : m.embedding) = true;
    const std::vector<float> after = faulty_values(fault, m);
    for (size_t row = 0; row < 2; ++row) {
      float most = 0;
      for (size_t i = 0; i < 64; ++i) most = std::max(most, std::abs(w[64 * row + i]));
      const auto most_code = static_cast<float>(qmax);
      const float s = f16_to_f32(f32_to_f16(most / most_code));
      for (size_t i = 64 * row; i < 64 * row + 64; ++i)
        EXPECT_EQ(after[i], s * std::clamp(std::nearbyint(w[i] / s), -most_code, most_code)) << i;
    }
    m.quantised = true;
    EXPECT_EQ(faulty_values(fault, m), w);
  }
}

}  // namespace
}  // namespace tritium::training
