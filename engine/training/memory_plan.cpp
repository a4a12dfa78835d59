#include "training/memory_plan.h"

#include <algorithm>
#include <fstream>
#include <map>

#include "base/checked_math.h"
#include "model/weights.h"
#include "training/optimizer.h"

namespace tritium::training {
namespace {

struct Weights {
  uint64_t all = 0, active = 0, ternary = 0;
  uint64_t shadows = 0, states = 0, gradients = 0, trits = 0;  // bytes
};

WeightMode mode_of(Role role, const TrainOptions& o) {
  switch (role) {
    case Role::embedding: return o.embedding;
    case Role::attention: return o.attention;
    case Role::feed_forward: return o.feed_forward;
    case Role::head: return o.head;
    case Role::router:
    case Role::norm: break;
  }
  return WeightMode::full;
}

Weights count_weights(const TrainOptions& o, const Setup& setup) {
  Weights w;
  std::map<std::string, uint64_t> per_layer;  // bytes of gradients
  for (const WeightSlot& slot : weight_slots(setup.config)) {
    if (!setup.source->find(slot.name)) continue;
    uint64_t n = 1;
    for (int64_t d : slot.shape) n *= static_cast<uint64_t>(d);
    const Role role = role_of(slot.name);
    const bool exact = role == Role::norm || role == Role::router;
    const WeightMode mode = mode_of(role, o);
    w.all += n;
    const bool routed = slot.shape.size() == 3;
    w.active +=
        routed ? n / static_cast<uint64_t>(setup.config.n_experts) * static_cast<uint64_t>(setup.config.n_experts_used)
               : n;
    const auto padded = static_cast<uint64_t>(round_up(slot.shape.back(), TernaryMatrix::kRowAlign));
    if (mode == WeightMode::ternary || mode == WeightMode::frozen) {
      w.ternary += n;
      w.trits += n / static_cast<uint64_t>(slot.shape.back()) * (padded / 4 + 4);
    }
    if (mode == WeightMode::frozen) continue;
    w.shadows += n * (o.shadow == ShadowPrecision::bf16 && !exact ? 2 : 4);
    const int64_t rows = slot.shape.size() > 1 ? slot.shape[slot.shape.size() - 2] : 1;
    const bool adamw = optimizer_of(o.optimizer, slot.name, rows, slot.shape.back()) == OptimizerKind::adamw;
    const uint64_t states = adamw ? 2 : 1;
    const bool codes = o.states_8bit && adamw && n >= 4096;
    w.states += codes ? n * 2 + ceil_div(n, uint64_t{256}) * 8 : n * states * 4;
    per_layer[slot.name.starts_with("blk.") ? slot.name.substr(0, slot.name.find('.', 4)) : slot.name] += n * 4;
    w.gradients += n * 4;
  }
  if (o.update_by_layer) {
    // The largest layer's, and those of the embedding and the head, whose sizes no layer shares.
    w.gradients = 0;
    for (const auto& [layer, bytes] : per_layer)
      if (layer.starts_with("blk.")) w.gradients = std::max(w.gradients, bytes);
    w.gradients += std::max(per_layer["token_embd.weight"], per_layer["output.weight"]);
  }
  return w;
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

uint64_t available_memory() {
  std::ifstream info("/proc/meminfo");
  for (std::string line; std::getline(info, line);)
    if (line.starts_with("MemAvailable:")) return std::stoull(line.substr(13)) * 1024;
  return 0;
}

TrainPlan plan_memory(const TrainOptions& o, const Setup& setup) {
  const Weights w = count_weights(o, setup);
  const Config& c = setup.config;
  const auto tokens = static_cast<uint64_t>((o.micro_batch > 0 ? o.micro_batch : o.batch) * o.context);
  const uint64_t layer = kept_per_token(c, o.int8_activations) * tokens;
  const auto n_layers = static_cast<uint64_t>(c.n_layers());
  const uint64_t stream = tokens * static_cast<uint64_t>(c.dim) * 4;
  const uint64_t activations = o.checkpoint_activations ? n_layers * stream + 2 * layer : (n_layers + 1) * layer;
  const uint64_t logits = std::min<uint64_t>(tokens * static_cast<uint64_t>(c.vocab_size) * 4, uint64_t{64} << 20) * 2;
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
  for (const MemoryPart& part : plan.memory) plan.memory_bytes += part.bytes;
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

Result<TrainPlan> plan_training(const TrainOptions& options) {
  const Result<training::Setup> setup = training::prepare_run(options);
  if (!setup.ok()) return setup.status();
  return training::plan_memory(options, *setup);
}

}  // namespace tritium
