#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "ops/all.h"
#include "tests/ops/finite_difference.h"

namespace tritium {

TEST(KlDivergenceReference, GradientIsTheDerivativeOfTheScaledLoss) {
  constexpr uint32_t kRows = 3, kVocab = 6;
  constexpr double kTemperature = 2.5;
  const auto logits = random_floats(kRows * kVocab, 1, 2.0), teacher = random_floats(kRows * kVocab, 2, 2.0);
  const std::vector<int32_t> targets = {5, -1, 0};
  std::vector<float> losses(kRows), dlogits(logits.size());
  cpu_ref::kl_divergence({.n_rows = kRows,
                          .vocab_size = kVocab,
                          .temperature = static_cast<float>(kTemperature),
                          .scale = 0.5f,
                          .with_gradient = 1},
                         logits, teacher, targets, losses, dlogits);
  const auto probability = [&](const Doubles& z, size_t r, size_t c) {
    double total = 0;
    for (size_t j = 0; j < kVocab; ++j) total += std::exp(z[r * kVocab + j] / kTemperature);
    return std::exp(z[r * kVocab + c] / kTemperature) / total;
  };
  const Doubles t(teacher.begin(), teacher.end());
  const auto loss_of_row = [&](const Doubles& z, size_t r) {
    double sum = 0;
    for (size_t c = 0; c < kVocab && targets[r] >= 0; ++c)
      sum += probability(t, r, c) * std::log(probability(t, r, c) / probability(z, r, c));
    return kTemperature * kTemperature * sum;
  };
  const Doubles z0(logits.begin(), logits.end());
  for (size_t r = 0; r < kRows; ++r) EXPECT_NEAR(losses[r], loss_of_row(z0, r), 1e-6);
  expect_gradient(
      dlogits, [&](const Doubles& z) { return 0.5 * (loss_of_row(z, 0) + loss_of_row(z, 1) + loss_of_row(z, 2)); },
      logits);
}

TEST(KlDivergenceReference, AStudentThatIsItsTeacherHasNeitherLossNorGradient) {
  const auto logits = random_floats(2 * 9, 3, 4.0);
  std::vector<float> losses(2), dlogits(logits.size(), 3.0f);
  cpu_ref::kl_divergence({.n_rows = 2, .vocab_size = 9, .temperature = 2.0f, .scale = 1.0f, .with_gradient = 1}, logits,
                         logits, std::vector<int32_t>{0, 1}, losses, dlogits);
  EXPECT_EQ(losses, (std::vector<float>{0.0f, 0.0f}));
  for (float d : dlogits) EXPECT_EQ(d, 3.0f);
}

TEST(KlDivergenceReference, AWordTheTeacherRulesOutCountsNothing) {
  // p = (1/2, 1/2, 0), q = (1/4, 1/4, 1/2)
  const std::vector<float> student = {0.0f, 0.0f, std::log(2.0f)}, teacher = {0.0f, 0.0f, -INFINITY};
  std::vector<float> losses(1);
  cpu_ref::kl_divergence({.n_rows = 1, .vocab_size = 3, .temperature = 1.0f, .scale = 1.0f, .with_gradient = 0},
                         student, teacher, std::vector<int32_t>{0}, losses, {});
  EXPECT_NEAR(losses[0], std::log(2.0f), 1e-6);
}

TEST(KlDivergenceReference, AStudentThatIsNoNumberIsNotHidden) {
  std::vector<float> losses(1);
  cpu_ref::kl_divergence({.n_rows = 1, .vocab_size = 2, .temperature = 1.0f, .scale = 1.0f, .with_gradient = 0},
                         std::vector<float>{NAN, 1.0f}, std::vector<float>{0.0f, 1.0f}, std::vector<int32_t>{0}, losses,
                         {});
  EXPECT_TRUE(std::isnan(losses[0]));
}

}  // namespace tritium
