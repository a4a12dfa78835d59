// Learning from a teacher: what its predictions and its hidden values add to the loss and to the gradient.
#include <cmath>

#include "tests/train/training_model.h"

namespace tritium {
namespace {

using training::LossOptions;
using training::Recipe;
using training::Transformer;

constexpr float kDistill = 0.75f, kHidden = 0.3f;

Recipe full_recipe() {
  Recipe recipe{.balance = 0.0f, .z_loss = 0.0f};
  recipe.attention = recipe.feed_forward = WeightMode::full;
  recipe.int8_activations = false;
  return recipe;
}

class Distillation : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    std::unique_ptr<Backend> backend = training_backend(GetParam());
    if (!backend) GTEST_SKIP() << GetParam() << " cannot run here";
    student = std::make_unique<TrainingModel>(std::move(backend), kTinyMoe, full_recipe());
    teacher = transformer(77);
  }
  std::unique_ptr<Transformer> transformer(uint32_t seed) const {
    const Result<MemoryTensorMap> weights = training::make_transformer(kTinyMoe, kVocabulary, seed);
    EXPECT_TRUE(weights.ok()) << weights.message();
    Result<std::unique_ptr<Transformer>> made =
        Transformer::create(*student->backend, *CheckedModel::check(*weights), full_recipe());
    EXPECT_TRUE(made.ok()) << made.message();
    return *std::move(made);
  }
  // The whole objective, per scored token. Gradients are added when `gradients`.
  double objective(Transformer& from, bool gradients) {
    TrainingModel& m = *student;
    double scored = 0;
    for (int32_t target : m.targets) scored += target >= 0 ? 1.0 : 0.0;
    const LossOptions options = {.gradient_scale = gradients ? static_cast<float>(1.0 / scored) : 0.0f,
                                 .teacher = &from,
                                 .distill = kDistill,
                                 .hidden_mse = kHidden};
    const double loss = m.model->loss(m.ops, m.workspace, {2, 6, m.inputs, m.targets}, options);
    const Status status = m.ops.finish();
    EXPECT_TRUE(status.ok()) << status.message();
    taught = m.model->taught();
    return ((1.0 - double{kDistill}) * loss + double{kDistill} * taught.divergence +
            double{kHidden} * taught.hidden_error) /
           scored;
  }

  std::unique_ptr<TrainingModel> student;
  std::unique_ptr<Transformer> teacher;
  training::Taught taught;
};
INSTANTIATE_TEST_SUITE_P(Backends, Distillation, ::testing::Values("reference", "cpu", "vulkan"),
                         [](const auto& info) { return std::string(info.param); });

TEST_P(Distillation, GradientIsTheDerivativeOfTheWholeObjective) {
  objective(*teacher, true);
  for (const char* name : {"output_norm.weight", "blk.0.attn_q.weight", "blk.1.ffn_down_exps.weight"}) {
    training::BitLinear& p = student->parameter(name);
    const std::vector<float> gradient = student->values_of(p.gradient);
    const std::vector<float> before = student->values_of(p.shadow.data);
    // Along the gradient itself: its slope is its squared length.
    double squares = 0;
    for (float g : gradient) squares += double{g} * g;
    const double h = 5e-3 / std::sqrt(squares);
    const auto moved = [&](double step) {
      std::vector<float> values = before;
      for (int64_t row = 0; row < p.n_matrices * p.rows; ++row)
        for (int64_t c = 0; c < p.cols; ++c)
          values[static_cast<size_t>(row * p.shadow.row_stride + c)] +=
              static_cast<float>(step * gradient[static_cast<size_t>(row * p.cols + c)]);
      student->ops.upload(p.shadow.data, std::as_bytes(std::span(values)));
      return objective(*teacher, false);
    };
    const double slope = (moved(h) - moved(-h)) / (2 * h);
    moved(0);
    EXPECT_NEAR(slope, squares, 2e-3 * squares) << name;
  }
}

TEST_P(Distillation, ATeacherThatIsTheStudentAddsNothing) {
  const std::unique_ptr<Transformer> self = transformer(3);  // the seed of TrainingModel
  objective(*self, false);
  EXPECT_EQ(taught.divergence, 0.0);
  EXPECT_EQ(taught.hidden_error, 0.0);
}

TEST_P(Distillation, TheStudentComesCloserToItsTeacher) {
  objective(*teacher, false);
  const training::Taught before = taught;
  for (int64_t step = 1; step <= 15; ++step) {
    objective(*teacher, true);
    student->optimizer->step(student->workspace, {.step = step, .learning_rate = 0.01f});
  }
  objective(*teacher, false);
  EXPECT_LT(taught.divergence, 0.6 * before.divergence);
  EXPECT_LT(taught.hidden_error, before.hidden_error);
}

}  // namespace
}  // namespace tritium
