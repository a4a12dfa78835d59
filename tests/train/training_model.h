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

// Every part that a tritium-lab can have: dense, and with experts.
inline constexpr const char* kLabDense =
    R"({"architecture": "tritium-lab", "dim": 24, "layers": 4, "heads": 4, "kv_heads": 2, "head_dim": 8, "rope_dims": 4,
        "ffn_by_layer": [40, 20, 33, 40], "context": 16, "activation": "leaky_relu2", "sub_norms": true, "qk_norm": "per_head",
        "query_gain": true, "embedding_norm": true, "bigram_buckets": 11, "bigram_length": 5, "smear": true,
        "value_embedding_length": 6, "value_embedding_layers": [1, 3], "skips": true, "x0_mixing": true,
        "residual_scales": true, "exclusive_layers": 2, "norm_scale": true, "logit_cap": 3.0})";
inline constexpr const char* kLabMoe =
    R"({"architecture": "tritium-lab", "dim": 24, "layers": 2, "heads": 4, "kv_heads": 2, "head_dim": 8, "ffn_by_layer": [20, 12],
        "experts": 4, "top_k": 2, "context": 16, "activation": "silu", "gated": true, "qk_norm": "whole", "shared_ffn": 7,
        "router_bias": true, "ple": 6, "tied_head": false})";
// The four layers of kLabDense, the inner ones twice.
inline std::string looped(std::string description) {
  return description.insert(1, R"("layer_order": [0, 1, 2, 1, 2, 3], )");
}

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
