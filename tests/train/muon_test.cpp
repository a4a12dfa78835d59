// Muon's direction by what defines it: the singular vectors of the gradient, with singular values near 1.
#include "train/optimizers/muon.h"

#include <cmath>

#include "base/counter_rng.h"
#include "tests/train/training_model.h"

namespace tritium {
namespace {

constexpr int64_t kExperts = 3;

struct Direction {
  int64_t rows, cols;
  std::vector<float> gradient, direction;  // [kExperts, rows, cols]

  double at(const std::vector<float>& values, int64_t expert, int64_t row, int64_t col) const {
    return double{values[static_cast<size_t>((expert * rows + row) * cols + col)]};
  }
};

std::vector<float> random_gradient(int64_t rows, int64_t cols, bool transposed) {
  std::vector<float> values(static_cast<size_t>(kExperts * rows * cols));
  for (int64_t e = 0; e < kExperts; ++e)
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t c = 0; c < cols; ++c) {
        const int64_t index = transposed ? (e * cols + c) * rows + r : (e * rows + r) * cols + c;
        // Experts have gradients of very different size, as when one of them sees few tokens.
        values[static_cast<size_t>((e * rows + r) * cols + c)] =
            static_cast<float>((random_unit(11, static_cast<uint64_t>(index)) - 0.5) * std::pow(0.01, e));
      }
  return values;
}

Direction direction_of(Backend& backend, int64_t rows, int64_t cols, std::vector<float> gradient,
                       const training::MuonOptions& options = {}) {
  Direction result{rows, cols, std::move(gradient), {}};
  result.direction.resize(result.gradient.size());
  Ops ops(backend);
  training::BitLinear p;
  p.n_matrices = kExperts, p.rows = rows, p.cols = cols;
  p.gradient = *backend.allocate({kExperts, rows, cols}, DType::f32, "gradient");
  p.m = *backend.allocate({kExperts, rows, cols}, DType::f32, "m");
  ops.upload(p.gradient, std::as_bytes(std::span(result.gradient)));
  const std::vector<float> zeros(result.gradient.size());
  ops.upload(p.m, std::as_bytes(std::span(zeros)));
  training::Muon muon(options);
  Allocator allocator(backend);
  muon.allocate(allocator, p);
  const Tensor direction = muon.direction(ops, p, 0.95f, {});
  ops.download(direction, std::as_writable_bytes(std::span(result.direction)));
  const Status status = ops.finish();
  EXPECT_TRUE(status.ok()) << status.message();
  return result;
}

Direction direction_on(Backend& backend, int64_t rows, int64_t cols, bool transposed = false) {
  return direction_of(backend, rows, cols, random_gradient(rows, cols, transposed));
}

class MuonDirection : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    backend = training_backend(GetParam());
    if (!backend) GTEST_SKIP() << GetParam() << " cannot run here";
  }
  std::unique_ptr<Backend> backend;
};
INSTANTIATE_TEST_SUITE_P(Backends, MuonDirection, ::testing::Values("reference", "cpu", "vulkan"),
                         [](const auto& info) { return std::string(info.param); });

// For a unit vector u, |u^T X| lies between the smallest and the largest singular value. Jordan et al. 2024 give 0.7 to
// 1.2 for what the quintic makes of all but tiny singular values.
TEST_P(MuonDirection, StretchesNoDirectionOfAnExpertMuchMoreThanAnother) {
  const Direction d = direction_on(*backend, 8, 40);
  for (int64_t expert = 0; expert < kExperts; ++expert)
    for (uint64_t draw = 0; draw < 20; ++draw) {
      double u[8], length = 0, image = 0;
      for (size_t r = 0; r < 8; ++r) u[r] = random_unit(12, draw * 8 + r) - 0.5, length += u[r] * u[r];
      for (int64_t c = 0; c < d.cols; ++c) {
        double sum = 0;
        for (int64_t r = 0; r < 8; ++r) sum += u[r] * d.at(d.direction, expert, r, c);
        image += sum * sum;
      }
      EXPECT_GT(std::sqrt(image / length), 0.6) << "expert " << expert;
      EXPECT_LT(std::sqrt(image / length), 1.3) << "expert " << expert;
    }
}

// O = U f(S) V^T and G = U S V^T make O G^T = U f(S) S U^T, which is symmetric, with a positive trace.
TEST_P(MuonDirection, HasTheSingularVectorsOfTheGradient) {
  const Direction d = direction_on(*backend, 16, 24);
  for (int64_t expert = 0; expert < kExperts; ++expert) {
    const auto entry = [&](int64_t i, int64_t j) {
      double sum = 0;
      for (int64_t c = 0; c < d.cols; ++c) sum += d.at(d.direction, expert, i, c) * d.at(d.gradient, expert, j, c);
      return sum;
    };
    double trace = 0;
    for (int64_t i = 0; i < d.rows; ++i) trace += entry(i, i);
    EXPECT_GT(trace, 0.0);
    for (int64_t i = 0; i < d.rows; ++i)
      for (int64_t j = 0; j < i; ++j) EXPECT_NEAR(entry(i, j), entry(j, i), 1e-5 * trace) << "expert " << expert;
  }
}

TEST_P(MuonDirection, OfATransposedGradientIsTransposed) {
  const Direction wide = direction_on(*backend, 8, 24), tall = direction_on(*backend, 24, 8, true);
  for (int64_t expert = 0; expert < kExperts; ++expert)
    for (int64_t r = 0; r < 8; ++r)
      for (int64_t c = 0; c < 24; ++c)
        EXPECT_NEAR(wide.at(wide.direction, expert, r, c), tall.at(tall.direction, expert, c, r), 1e-4);
}

TEST_P(MuonDirection, IsZeroForAnExpertWithoutTokens) {
  Ops ops(*backend);
  training::BitLinear p;
  p.n_matrices = 2, p.rows = 8, p.cols = 16;
  const std::vector<float> zeros(256);
  for (Tensor* t : {&p.gradient, &p.m}) {
    *t = *backend->allocate({2, 8, 16}, DType::f32, "zeros");
    ops.upload(*t, std::as_bytes(std::span(zeros)));
  }
  training::Muon muon;
  Allocator allocator(*backend);
  muon.allocate(allocator, p);
  std::vector<float> direction(256, 1.0f);
  ops.download(muon.direction(ops, p, 0.95f, {}), std::as_writable_bytes(std::span(direction)));
  EXPECT_TRUE(ops.finish().ok());
  EXPECT_EQ(direction, zeros);
}

// The only singular value of u v^T is 1 once it is normed, and goes through the quintic as a number.
TEST_P(MuonDirection, OfOneSingularValueIsTheQuinticOnceForEachStep) {
  std::vector<float> gradient;
  for (int64_t i = 0; i < kExperts * 8 * 16; ++i)
    gradient.push_back(static_cast<float>((i / 16 % 8 + 1) * (i % 16 % 3 - 1)) * 0.01f);
  double expected = 1;
  for (int steps = 1; steps <= 6; ++steps) {
    expected = 3.4445 * expected - 4.7750 * std::pow(expected, 3) + 2.0315 * std::pow(expected, 5);
    const Direction d = direction_of(*backend, 8, 16, gradient, {.steps = steps});
    double squares = 0;
    for (int64_t r = 0; r < 8; ++r)
      for (int64_t c = 0; c < 16; ++c) squares += d.at(d.direction, 1, r, c) * d.at(d.direction, 1, r, c);
    EXPECT_NEAR(std::sqrt(squares), expected, 1e-4) << steps << " steps";
  }
}

TEST_P(MuonDirection, WithRowNormDoesNotDependOnTheSizeOfRows) {
  for (const auto& [rows, cols] : {std::pair{8, 40}, {24, 16}}) {
    const std::vector<float> gradient = random_gradient(rows, cols, false);
    std::vector<float> scaled = gradient;
    for (size_t i = 0; i < scaled.size(); ++i)
      scaled[i] *= static_cast<float>(1 + i / static_cast<size_t>(cols) % static_cast<size_t>(rows));
    const Direction one = direction_of(*backend, rows, cols, gradient, {.row_norm = true});
    const Direction other = direction_of(*backend, rows, cols, scaled, {.row_norm = true});
    const Direction without = direction_of(*backend, rows, cols, scaled);
    double difference = 0;
    for (size_t i = 0; i < scaled.size(); ++i) {
      ASSERT_NEAR(one.direction[i], other.direction[i], 1e-4);
      difference = std::max(difference, std::abs(double{without.direction[i]} - double{other.direction[i]}));
    }
    EXPECT_GT(difference, 0.05);
  }
}

TEST_P(MuonDirection, FollowsTheMomentumOfTheStep) {
  TrainingModel m(std::move(backend), kTinyMoe, {}, {.kind = OptimizerKind::muon, .momentum = 0.9f});
  training::BitLinear& p = m.parameter("blk.0.attn_q.weight");
  const auto gradient = [&] {
    m.loss(true);
    return m.values_of(p.gradient);
  };
  const std::vector<float> first = gradient();
  m.optimizer->step(m.workspace, {.step = 1, .learning_rate = 0.01f});
  const std::vector<float> second = gradient();
  m.optimizer->step(m.workspace, {.step = 2, .learning_rate = 0.01f, .momentum = 0.5f});
  const std::vector<float> momentum = m.values_of(p.m);
  for (size_t i = 0; i < momentum.size(); ++i) ASSERT_NEAR(momentum[i], 0.5 * first[i] + second[i], 1e-6) << i;
}

TEST_P(MuonDirection, LearnsATinyMixture) {
  TrainingModel m(std::move(backend), kTinyMoe, {}, {.kind = OptimizerKind::muon});
  const double before = m.loss(false);
  for (int64_t step = 1; step <= 10; ++step) m.step(step);
  EXPECT_LT(m.loss(false), 0.7 * before);
}

}  // namespace
}  // namespace tritium
