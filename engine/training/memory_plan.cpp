#include "training/memory_plan.h"

#include <algorithm>
#include <map>

#include "base/available_memory.h"
#include "base/caught.h"
#include "base/checked_math.h"
#include "model/weights.h"
#include "training/optimizer.h"

namespace tritium::training {
namespace {

struct Weights {
  uint64_t all = 0, active = 0, ternary = 0, fixed = 0;
  uint64_t shadows = 0, states = 0, gradients = 0, trits = 0;  // bytes
};

// A parameter that learns: `elements` weights of the given rows and columns.
struct Trained {
  TensorRole role;
  int64_t layer;
  uint64_t elements;
  int64_t rows, cols;
  bool exact;  // FP32 always
  bool shadow = true;
};

class Count {
 public:
  Count(const TrainOptions& options, const Setup& setup)
      : o_(options), recipe_(setup.recipe), n_layers_(setup.config.n_layers()) {}

  void add(const TensorSpec& slot, const Setup& setup) {
    const auto n = static_cast<uint64_t>(slot.elements());
    const WeightMode mode = mode_of(slot.role, recipe_);
    const int64_t cols = slot.cols(), rows = slot.rows();
    const bool routed = slot.shape.size() == 3;
    const auto used = static_cast<uint64_t>(setup.config.n_experts_used);
    w_.all += n;
    w_.active += routed ? n / static_cast<uint64_t>(setup.config.n_experts) * used : n;
    const bool fixed = mode == WeightMode::frozen || mode == WeightMode::lora;
    const bool by_chance = mode == WeightMode::stochastic;
    if (mode == WeightMode::ternary || by_chance || (fixed && setup.source->find(slot.name)->ternary)) {
      w_.ternary += n;
      const auto padded = static_cast<uint64_t>(round_up(cols, TernaryMatrix::kRowAlign));
      w_.trits += n / static_cast<uint64_t>(cols) * (padded / 4 + 4);
    } else if (fixed) {
      w_.shadows += n * 4;
    }
    if (fixed || by_chance) w_.fixed += n;
    if (!fixed) train({slot.role, slot.layer, n, rows, cols, slot.exact(), !by_chance});
    if (by_chance) changes_[n] = n * 4;
    if (mode != WeightMode::lora) return;
    const int64_t rank = recipe_.lora_rank;
    const uint64_t stack = n / static_cast<uint64_t>(rows * cols);
    const uint64_t a = stack * static_cast<uint64_t>(rank * cols), b = stack * static_cast<uint64_t>(rows * rank);
    w_.all += a + b;
    w_.active += routed ? (a + b) / stack * used : a + b;
    train({TensorRole::adapter, slot.layer, a, rank, cols, false});
    train({TensorRole::adapter, slot.layer, b, rows, rank, false});
  }

  Weights weights() {
    if (o_.update_by_layer) {
      // The largest layer's, and those of the embedding and the head, whose sizes no layer shares.
      w_.gradients = 0;
      for (const auto& [layer, bytes] : layer_gradients_) w_.gradients = std::max(w_.gradients, bytes);
      w_.gradients += largest_table_;
    }
    for (const auto& [elements, bytes] : changes_) w_.gradients += bytes;
    return w_;
  }

 private:
  void train(const Trained& p) {
    if (p.shadow) w_.shadows += p.elements * (recipe_.shadow == ShadowPrecision::bf16 && !p.exact ? 2 : 4);
    const bool adamw = optimizer_of(o_.optimizer, p.role, p.rows, p.cols) == OptimizerKind::adamw;
    const bool codes = o_.states_8bit && adamw && p.elements >= 4096;
    w_.states += codes ? p.elements * 2 + ceil_div(p.elements, uint64_t{256}) * 8 : p.elements * (adamw ? 8 : 4);
    if (p.role == TensorRole::embedding || p.role == TensorRole::head) {
      largest_table_ = std::max(largest_table_, p.elements * 4);
    } else if (p.layer < n_layers_) {
      layer_gradients_[p.layer] += p.elements * 4;
    }
    w_.gradients += p.elements * 4;
  }

  const TrainOptions& o_;
  const Recipe& recipe_;
  Weights w_;
  std::map<uint64_t, uint64_t> changes_;         // of weights without a shadow: one tensor for each size
  std::map<int64_t, uint64_t> layer_gradients_;  // bytes
  uint64_t largest_table_ = 0;                   // bytes of the embedding's gradient or the head's
  int64_t n_layers_;
};

Weights count_weights(const TrainOptions& o, const Setup& setup) {
  Count count(o, setup);
  for (const TensorSpec& slot : tensor_specs(setup.config))
    if (setup.source->find(slot.name)) count.add(slot, setup);
  return count.weights();
}

// Values that a token's layer keeps for the backward pass, in bytes.
uint64_t kept_per_token(const Config& c, bool int8) {
  const auto f = [](int64_t n) { return static_cast<uint64_t>(4 * n); };
  // A product keeps int8 codes of its padded input, or the floats of full-precision weights.
  const auto input = [&](int64_t n) {
    return int8 ? static_cast<uint64_t>(round_up(n, TernaryMatrix::kRowAlign)) : f(n);
  };
  const int64_t mixed = c.n_heads * c.value_dim;
  uint64_t bytes = 2 * f(c.dim) + 2 * input(c.dim);  // stream twice, normed inputs
  bytes += f(c.q_dim() + c.k_dim() + c.v_dim()) * (c.qk_norm == QkNorm::none ? 1 : 2);
  bytes += f(mixed) + input(mixed);
  const int64_t slots = c.moe() ? c.n_experts_used : 1;
  const int64_t width = c.moe() ? c.expert_ffn_dim : c.ffn_dim;
  bytes += static_cast<uint64_t>(slots) * (2 * f(width) + f(width) + input(width) + f(c.dim));
  return bytes + (c.moe() ? f(c.n_experts) + f(c.dim) : 0);
}

}  // namespace

TrainPlan plan_memory(const TrainOptions& o, const Setup& setup) {
  const Weights w = count_weights(o, setup);
  const Config& c = setup.config;
  const auto tokens = static_cast<uint64_t>((o.micro_batch > 0 ? o.micro_batch : o.batch) * o.context);
  const uint64_t layer = saturated_mul(kept_per_token(c, o.int8_activations), tokens);
  const auto n_layers = static_cast<uint64_t>(c.n_layers());
  const uint64_t stream = saturated_mul(tokens, static_cast<uint64_t>(c.dim) * 4);
  const uint64_t activations = o.checkpoint_activations
                                   ? saturated_add(saturated_mul(n_layers, stream), saturated_mul(2, layer))
                                   : saturated_mul(n_layers + 1, layer);
  const uint64_t logits =
      std::min<uint64_t>(saturated_mul(tokens, static_cast<uint64_t>(c.vocab_size) * 4), uint64_t{64} << 20) * 2;
  const uint64_t text = static_cast<uint64_t>(setup.corpus.train.tokens.size() + setup.corpus.valid.tokens.size()) * 5;
  TrainPlan plan;
  plan.parameters = w.all;
  plan.active_parameters = w.active;
  plan.ternary_parameters = w.ternary;
  plan.memory = {{"shadow weights", w.shadows},
                 {"optimiser states", w.states},
                 {"gradients", w.gradients},
                 {"packed trits", w.trits},
                 {"activations", activations},
                 {"logits", logits},
                 {"text", text}};
  if (o.average != Average::none) plan.memory.push_back({"averages", (w.all - w.fixed) * 4});
  if (setup.teacher) {
    uint64_t teacher = 0;
    for (const TensorInfo& info : setup.teacher->tensors()) teacher += info.bytes;
    plan.memory.push_back({"teacher", teacher});
  }
  for (const MemoryPart& part : plan.memory) plan.memory_bytes = saturated_add(plan.memory_bytes, part.bytes);
  plan.bytes_per_weight = static_cast<double>(w.shadows + w.states + w.gradients + w.trits) /
                          static_cast<double>(std::max<uint64_t>(w.all, 1));
  plan.available_bytes = available_memory();
  plan.train_tokens = static_cast<int64_t>(setup.corpus.train.tokens.size());
  plan.valid_tokens = static_cast<int64_t>(setup.corpus.valid.tokens.size());
  plan.steps = setup.steps;
  return plan;
}

}  // namespace tritium::training

namespace tritium {

Result<TrainPlan> plan_training(const TrainOptions& options) try {
  const Result<training::Setup> setup = training::prepare_run(options);
  if (!setup.ok()) return setup.status();
  return training::plan_memory(options, *setup);
} catch (...) {
  return caught();
}

}  // namespace tritium
