// Small transformers in training, on any backend.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "train/description.h"
#include "train/optimizers/optimizer.h"

namespace tritium {

inline constexpr const char* kTinyMoe =
    R"({"architecture": "qwen3moe", "dim": 24, "layers": 2, "heads": 4, "kv_heads": 2, "head_dim": 8, "ffn": 20, "experts": 4, "top_k": 2, "context": 16})";
inline constexpr const char* kTinyDense =
    R"({"architecture": "bitnet", "dim": 24, "layers": 2, "heads": 2, "ffn": 40, "context": 16, "tied_head": false})";

inline constexpr int64_t kVocabulary = 19;

// Null, after a skip, where the backend cannot run.
std::unique_ptr<Backend> training_backend(const std::string& name);
Result<std::unique_ptr<Backend>> training_backend_of(const std::string& name, int threads);

// A transformer with a batch of 2 sequences of 6 tokens, some of them not scored.
struct TrainingModel {
  TrainingModel(std::unique_ptr<Backend> device, const std::string& description, const training::Recipe& recipe,
                const training::OptimizerOptions& options = {});
  // Of weights that exist: a file's.
  TrainingModel(std::unique_ptr<Backend> device, const TensorMap& weights, const training::Recipe& recipe,
                const training::OptimizerOptions& options = {});

  // Of the batch; gradients are added when `gradients`.
  double loss(bool gradients);
  training::BitLinear& parameter(const std::string& name);
  std::vector<float> values_of(const Tensor& tensor);
  // Gives the loss before the update.
  double step(int64_t number, float learning_rate = 0.01f);

  std::unique_ptr<Backend> backend;
  Ops ops;
  Workspace workspace;
  Config config;
  std::unique_ptr<training::Transformer> model;
  std::unique_ptr<training::Optimizer> optimizer;
  std::vector<int32_t> inputs, targets;
};

}  // namespace tritium
