#include "tests/train/training_model.h"

#include "backends.h"
#include "base/counter_rng.h"

namespace tritium {

Result<std::unique_ptr<Backend>> training_backend_of(const std::string& name, int threads) {
  return make_backend({.backend = name, .threads = threads, .capture_file = {}, .log = {}});
}

std::unique_ptr<Backend> training_backend(const std::string& name) {
  Result<std::unique_ptr<Backend>> backend = training_backend_of(name, 2);
  return backend.ok() ? *std::move(backend) : nullptr;
}

namespace {

MemoryTensorMap transformer_of(const std::string& description) {
  Result<MemoryTensorMap> map = training::make_transformer(description, kVocabulary, 3);
  EXPECT_TRUE(map.ok()) << map.message();
  return *std::move(map);
}

}  // namespace

TrainingModel::TrainingModel(std::unique_ptr<Backend> device, const std::string& description,
                             const training::Recipe& recipe, const training::OptimizerOptions& options)
    : TrainingModel(std::move(device), transformer_of(description), recipe, options) {}

TrainingModel::TrainingModel(std::unique_ptr<Backend> device, const TensorMap& weights, const training::Recipe& recipe,
                             const training::OptimizerOptions& options)
    : backend(std::move(device)), ops(*backend), workspace(*backend) {
  const Result<CheckedModel> source = CheckedModel::check(weights);
  EXPECT_TRUE(source.ok()) << source.message();
  config = source->config();
  Result<std::unique_ptr<training::Transformer>> made = training::Transformer::create(*backend, *source, recipe);
  EXPECT_TRUE(made.ok()) << made.message();
  model = *std::move(made);
  optimizer = std::make_unique<training::Optimizer>(ops, *model, options);
  Allocator allocator(*backend);
  optimizer->allocate(allocator);
  EXPECT_TRUE(allocator.ok()) << allocator.status().message();
  optimizer->start(workspace, 1.0f);
  for (uint64_t i = 0; i < 12; ++i) {
    inputs.push_back(static_cast<int32_t>(random_bits(5, i) % kVocabulary));
    targets.push_back(i % 5 == 3 ? -1 : static_cast<int32_t>(random_bits(6, i) % kVocabulary));
  }
}

double TrainingModel::loss(bool gradients) {
  float scored = 0;
  for (int32_t target : targets) scored += target >= 0 ? 1.0f : 0.0f;
  const double total =
      model->loss(ops, workspace, {2, 6, inputs, targets}, {.gradient_scale = gradients ? 1.0f / scored : 0.0f});
  const Status status = ops.finish();
  EXPECT_TRUE(status.ok()) << status.message();
  return total / scored;
}

training::BitLinear& TrainingModel::parameter(const std::string& name) {
  for (training::BitLinear* p : model->parameters())
    if (p->name == name) return *p;
  ADD_FAILURE() << "no parameter " << name;
  return *model->parameters().front();
}

std::vector<float> TrainingModel::values_of(const Tensor& tensor) {
  std::vector<float> values(static_cast<size_t>(tensor.elements()));
  ops.download(tensor, std::as_writable_bytes(std::span(values)));
  const Status status = ops.finish();
  EXPECT_TRUE(status.ok()) << status.message();
  return values;
}

double TrainingModel::step(int64_t number, float learning_rate) {
  const double before = loss(true);
  optimizer->step(workspace, {.step = number, .learning_rate = learning_rate});
  const Status status = ops.finish();
  EXPECT_TRUE(status.ok()) << status.message();
  return before;
}

}  // namespace tritium
