#include "tests/vulkan/isa/dispatched_kernels.h"

#include <algorithm>

#include "base/format_text.h"
#include "gpu_report/synthetic_model.h"
#include "model/transformer.h"
#include "selftest/op_cases.h"
#include "tests/vulkan/isa/noting_backend.h"
#include "tests/vulkan/isa/training_kernels.h"

namespace tritium::vulkan {
namespace {

// A model whose embedding and head are of another type.
class WithTables final : public TensorMap {
 public:
  WithTables(const TensorMap& model, DType dtype)
      : model_(model), source_(join(model.source(), ", ", name_of(dtype), " head")), tensors_(model.tensors()) {
    for (TensorInfo& info : tensors_)
      if (info.name == "token_embd.weight" || info.name == "output.weight") info.dtype = dtype;
  }
  const std::string& source() const override { return source_; }
  const Metadata& metadata() const override { return model_.metadata(); }
  const std::vector<TensorInfo>& tensors() const override { return tensors_; }
  Result<std::unique_ptr<TernaryRows>> ternary_rows(const std::string& name) const override {
    return model_.ternary_rows(name);
  }
  Result<std::unique_ptr<DenseRows>> dense_rows(const std::string& name) const override {
    return model_.dense_rows(name);
  }

 private:
  const TensorMap& model_;
  std::string source_;
  std::vector<TensorInfo> tensors_;
};

constexpr int64_t kPrompt = 512;

struct Inputs {
  ActivationMode activations = ActivationMode::int8_per_token;
  int64_t group = 0;  // columns that a scale of trits covers; 0: a row
};

// As if its file had groups.
void regroup(Weights& weights, int64_t group) {
  for (const auto& parameter : weights.owned) {
    Weight weight = parameter->weight();
    if (!weight.ternary()) continue;
    weight.group_size = group;
    weight.scales.shape = {weight.n_matrices, weight.rows, weight.groups_per_row()};
    *parameter = FixedParameter(std::move(weight));
  }
}

std::string name_of(const TensorMap& model, const Inputs& inputs) {
  return join(model.source(), inputs.activations == ActivationMode::f32 ? ", f32 activations" : "",
              inputs.group > 0 ? join(", groups of ", inputs.group) : "");
}

// A decoded token, the end of a prompt, and some tokens of which all logits are wanted.
Status note_passes(NotingRecorder& recorder, const TensorMap& model, const Inputs& inputs) {
  const Result<CheckedModel> checked = CheckedModel::check(model);
  if (!checked.ok()) return checked.status();
  const Config& config = checked->config();
  Weights weights = describe_weights(*checked);
  if (inputs.group > 0) regroup(weights, inputs.group);
  NotingBackend backend(recorder);
  Result<ForwardState> state = make_state(
      config, weights, backend, {.capacity = kPrompt + 8, .batch = kPrompt, .activations = inputs.activations});
  if (!state.ok()) return state.status();
  const std::string name = name_of(model, inputs);
  const std::vector<int32_t> tokens(kPrompt, 0);
  std::vector<int32_t> best(1);
  for (const bool fuses : {true, false}) {
    backend.fuses = fuses;
    state->passes.clear();
    recorder.use = name + (fuses ? ", 1 token" : ", 1 token of simple operations");
    if (Status s = forward_greedy(config, weights, *state, backend, std::span(tokens).first(1), 0, best); !s.ok())
      return s;
  }
  recorder.use = join(name, ", ", kPrompt, " tokens");
  std::vector<float> logits(static_cast<size_t>(config.vocab_size));
  if (Status s = forward(config, weights, *state, backend, tokens, 0, Logits::last, logits); !s.ok()) return s;
  constexpr int64_t kSome = 4;
  recorder.use = join(name, ", ", kSome, " tokens with logits");
  logits.resize(logits.size() * kSome);
  return forward(config, weights, *state, backend, std::span(tokens).first(kSome), 0, Logits::all, logits);
}

Status note_models(NotingRecorder& recorder) {
  for (const gpu_report::ModelShape& shape : {gpu_report::maple_shape(), gpu_report::bitnet_shape()}) {
    const gpu_report::SyntheticModel model(shape, shape.layers);
    const Inputs f32 = {.activations = ActivationMode::f32};
    for (const Inputs& inputs : {Inputs{}, f32, Inputs{.group = 32}, Inputs{.group = 16}})
      if (Status s = note_passes(recorder, model, inputs); !s.ok()) return s;
    for (const DType dtype : {DType::q8_0, DType::q4_0, DType::q4_k, DType::q6_k})
      for (const Inputs& inputs : {Inputs{}, f32})
        if (Status s = note_passes(recorder, WithTables(model, dtype), inputs); !s.ok()) return s;
  }
  return Status();
}

// Runs every case.
class AllCases final : public cases::Cases {
 public:
  using Cases::Cases;

 private:
  bool begin(const std::string&) override {
    restart(++seed_);
    return true;
  }
  uint64_t seed_ = 0;
};

Status note_cases(NotingRecorder& recorder) {
  NotingBackend backend(recorder);
  Ops ops(backend);
  AllOps::each([&]<typename Op>(std::type_identity<Op>) {
    if (recorder.knows(Op::kName)) return;
    recorder.use = join("selftest of ", Op::kName);
    AllCases cases(ops);
    cases::cases_of<Op>(cases);
    if (!cases.status().ok()) ops.fail(cases.status());
  });
  return ops.finish();
}

}  // namespace

Result<std::vector<DispatchedKernel>> dispatched_kernels(const Limits& limits) {
  NotingRecorder recorder(limits);
  if (Status s = note_models(recorder); !s.ok()) return s;
  recorder.settle();  // small models and cases use kernels of these, too, in shapes that nobody runs
  if (Status s = note_training(recorder); !s.ok()) return s;
  if (Status s = note_cases(recorder); !s.ok()) return s;
  return std::move(recorder.noted);
}

}  // namespace tritium::vulkan
