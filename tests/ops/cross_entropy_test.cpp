#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "ops/all.h"
#include "tests/ops/finite_difference.h"

namespace tritium {

TEST(CrossEntropyReference, GradientIsTheDerivativeOfTheScaledLoss) {
  constexpr uint32_t kRows = 3, kVocab = 6;
  const auto logits = random_floats(kRows * kVocab, 1, 2.0);
  const std::vector<int32_t> targets = {5, -1, 0};
  std::vector<float> losses(kRows), dlogits(logits.size());
  cpu_ref::cross_entropy({.n_rows = kRows, .vocab_size = kVocab, .scale = 0.5f, .with_gradient = 1}, logits, targets,
                         losses, dlogits);
  const auto loss_of_row = [&](const Doubles& z, size_t r) {
    double total = 0;
    for (size_t c = 0; c < kVocab; ++c) total += std::exp(z[r * kVocab + c]);
    return targets[r] < 0 ? 0.0 : std::log(total) - z[r * kVocab + static_cast<size_t>(targets[r])];
  };
  const Doubles z0(logits.begin(), logits.end());
  for (size_t r = 0; r < kRows; ++r) EXPECT_NEAR(losses[r], loss_of_row(z0, r), 1e-6);
  expect_gradient(
      dlogits, [&](const Doubles& z) { return 0.5 * (loss_of_row(z, 0) + loss_of_row(z, 1) + loss_of_row(z, 2)); },
      logits);
}

TEST(CrossEntropyReference, AMaskedRowHasNeitherLossNorGradient) {
  const std::vector<float> logits = {1.0f, 2.0f};
  std::vector<float> losses = {7.0f}, dlogits = {7.0f, 7.0f};
  cpu_ref::cross_entropy({.n_rows = 1, .vocab_size = 2, .scale = 1.0f, .with_gradient = 1}, logits,
                         std::vector<int32_t>{-1}, losses, dlogits);
  EXPECT_EQ(losses[0], 0.0f);
  EXPECT_EQ(dlogits, (std::vector<float>{0.0f, 0.0f}));
}

}  // namespace tritium
