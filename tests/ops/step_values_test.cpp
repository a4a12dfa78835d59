// An operation that reads the numbers of a training step computes what one does that was given them: on the first
// shapes of its table, to the bit.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <tuple>

#include "backends.h"
#include "ops/step_values.h"
#include "selftest/selftest.h"

namespace tritium {
namespace {

// Factors that change no digit.
constexpr StepValues kStep = {.step = 5,
                              .learning_rate = 0.5f,
                              .correction1 = 2.0f,
                              .correction2 = 4.0f,
                              .gradient_scale = 0.25f,
                              .noise_scale = 0.5f,
                              .lambda = 0.5f,
                              .loss_scale = 8.0f,
                              .momentum = 0.5f,
                              .weight_decay = 0.25f};

ShadowUpdate given(ShadowUpdate s) {
  s.step += kStep.step;
  s.noise_scale *= kStep.noise_scale;
  return s;
}
AdamwUpdate given(AdamwUpdate op) {
  op.shadow = given(op.shadow);
  op.learning_rate *= kStep.learning_rate;
  op.correction1 *= kStep.correction1;
  op.correction2 *= kStep.correction2;
  op.gradient_scale *= kStep.gradient_scale;
  op.weight_decay *= kStep.weight_decay;
  return op;
}
FactoredDirection given(FactoredDirection op) {
  op.correction2 *= kStep.correction2;
  op.gradient_scale *= kStep.gradient_scale;
  return op;
}
SgdUpdate given(SgdUpdate op) {
  op.shadow = given(op.shadow);
  op.learning_rate *= kStep.learning_rate;
  op.gradient_scale *= kStep.gradient_scale;
  op.momentum *= kStep.momentum;
  op.weight_decay *= kStep.weight_decay;
  return op;
}
FlipTrits given(FlipTrits op) {
  op.step += kStep.step;
  return op;
}
FakeQuantize given(FakeQuantize op) {
  op.lambda *= kStep.lambda;
  return op;
}
CrossEntropy given(CrossEntropy op) {
  op.scale *= kStep.loss_scale;
  return op;
}
KlDivergence given(KlDivergence op) {
  op.scale *= kStep.loss_scale;
  return op;
}
ScaledAdd given(ScaledAdd op) {
  op.a_scale *= kStep.momentum;
  op.b_scale *= kStep.gradient_scale;
  return op;
}

// Does every operation with the numbers of the step: by value, or from a tensor.
class AtStep final : public Each<AtStep, ForwardingBackend, AllOps> {
 public:
  AtStep(std::unique_ptr<Backend> inner, bool by_tensor) : Each(std::move(inner)), by_tensor_(by_tensor) {}

  template <typename Op>
  Status each(const Op& op) {
    if constexpr (requires { op.now; }) {
      return inner().run(by_tensor_ ? reading(op) : given(op));
    } else {
      return inner().run(op);
    }
  }

 private:
  template <typename Op>
  Op reading(Op op) {
    if (!now_) {
      now_ = *inner().allocate(step_shape(), DType::f32, "step");
      EXPECT_TRUE(inner().upload(now_, std::as_bytes(std::span(&kStep, 1))).ok());
    }
    op.now = now_;
    if constexpr (requires { op.step_factor; }) op.step_factor = StepFactor::momentum;
    return op;
  }

  bool by_tensor_;
  Tensor now_;
};

std::unique_ptr<Backend> at_step(const std::string& name, bool by_tensor) {
  Result<std::unique_ptr<Backend>> made = make_backend({.backend = name, .threads = 2, .capture_file = {}, .log = {}});
  return made.ok() ? std::make_unique<AtStep>(*std::move(made), by_tensor) : nullptr;
}

std::vector<std::string> operations_of_steps() {
  std::vector<std::string> names;
  AllOps::each([&]<typename Op>(std::type_identity<Op>) {
    if constexpr (requires(Op op) { op.now; }) names.emplace_back(Op::kName);
  });
  return names;
}

class NumbersOfAStep : public testing::TestWithParam<std::tuple<std::string, std::string>> {};
INSTANTIATE_TEST_SUITE_P(Operations, NumbersOfAStep,
                         testing::Combine(testing::ValuesIn(operations_of_steps()),
                                          testing::Values("reference", "cpu", "vulkan")),
                         [](const auto& info) { return std::get<0>(info.param) + "_" + std::get<1>(info.param); });

TEST_P(NumbersOfAStep, FromATensorAreThoseGivenByValue) {
  const auto& [operation, backend] = GetParam();
  std::unique_ptr<Backend> reading = at_step(backend, true);
  if (!reading) GTEST_SKIP() << backend << " cannot run here";
  cases::BackendPair pair(std::move(reading), at_step(backend, false));
  const OperationReport report = pair.run(operation, [cases = 0]() mutable { return ++cases < 6; });
  EXPECT_GT(report.cases, 0);
  EXPECT_EQ(report.failure, "");
  EXPECT_EQ(report.worst_error, 0.0) << report.worst_case;
}

}  // namespace
}  // namespace tritium
