// What stands behind the public handles.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "backends.h"
#include "model/adapters.h"
#include "model/config.h"
#include "model/state.h"
#include "model/transformer.h"
#include "text/tokenizer.h"
#include "tritium/tritium.hpp"

namespace tritium {

struct Runtime::State {
  std::unique_ptr<Backend> backend;
  std::string name;  // "cpu", "vulkan:0"
  LogSink log;
  bool capture_pending = false;  // guarded by backend->mutex()
};

struct Model::State {
  std::shared_ptr<Runtime::State> runtime;  // outlives the weights: declared first, destroyed last
  Config config;
  ModelInfo info;
  Weights weights;
  std::shared_ptr<const Tokenizer> tokenizer;  // null: info.tokenizer_problem says why

  ~State() {
    // Freeing device memory is an operation on the backend.
    const std::lock_guard lock(runtime->backend->mutex());
    weights = {};
  }
};

struct Session::State {
  std::shared_ptr<const Model::State> model;
  ForwardState forward;
  int64_t position = 0;
  std::vector<float> logits;       // [vocab_size], after the last token
  bool logits_are_behind = false;  // they are still on the device: read_logits()

  // Appends tokens in batches; writes the logits of the last token, or of all, to `out`.
  Status evaluate(std::span<const int32_t> tokens, Logits wanted, std::span<float> out);
  // Appends tokens; the token whose logit is the largest after them. Their logits stay on the device.
  Result<int32_t> evaluate_greedy(std::span<const int32_t> tokens);
  Status read_logits();
  Status check(std::span<const int32_t> tokens) const;
  // Appends tokens by run(batch, position of the batch, whether it is the last one).
  template <typename Run>
  Status in_batches(std::span<const int32_t> tokens, const Run& run);

  ~State() {
    const std::lock_guard lock(model->runtime->backend->mutex());
    forward = {};
  }
};

}  // namespace tritium
