// The transformer of engine/model as it trains: the same layers and the same list of tensors, on a tape that records.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "model/config.h"
#include "model/layer.h"
#include "tensor/tensor_map.h"
#include "training/bit_moe_layer.h"
#include "training/scale_group.h"

namespace tritium::training {

// How each part is trained. Norms and routers are FP32: full or frozen.
struct Recipe {
  WeightMode embedding = WeightMode::full;
  WeightMode attention = WeightMode::ternary;
  WeightMode feed_forward = WeightMode::ternary;
  WeightMode head = WeightMode::full;
  WeightMode norms = WeightMode::full;
  WeightMode routers = WeightMode::full;
  int64_t lora_rank = 16;
  double lora_alpha = 32.0;
  uint32_t seed = 0;  // of the adapters' first values
  ShadowPrecision shadow = ShadowPrecision::fp32;
  ScaleSync scale_sync = ScaleSync::automatic;
  int64_t group_size = 128;  // of ScaleSync::per_group
  ScaleOptions scales;
  bool int8_activations = true;
  float balance = 0.01f;  // router losses
  float z_loss = 1e-3f;
  bool checkpoint_activations = false;  // keep the inputs of layers alone, compute the rest again: less memory
};

WeightMode mode_of(TensorRole role, const Recipe& recipe);

struct TokenBatch {
  int64_t n_sequences = 0;
  int64_t sequence_length = 0;
  std::span<const int32_t> inputs;   // [n_sequences * sequence_length]
  std::span<const int32_t> targets;  // the same; -1: not scored
};

// Inputs of quantised weights in logits().
enum class InputKind {
  as_trained,     // int8 as the recipe says
  merged_floats,  // floats for weights with adapters: as when those are merged into dense weights
  floats,
};

class Transformer;

// How far the student was from its teacher: sums over tokens.
struct Taught {
  double divergence = 0;    // nats, of scored tokens
  double hidden_error = 0;  // mean squares, of all tokens
};

struct LossOptions {
  float gradient_scale = 0.0f;  // 0: no gradients
  float router_scale = 1.0f;    // of the routers' losses
  // A model to imitate (Hinton et al. 2015): the loss is (1 - distill) cross-entropy + distill KL divergence from its
  // predictions + hidden_mse times the mean squared difference of the normed hidden values before the head. Of the same
  // vocabulary; with hidden_mse of the same width.
  Transformer* teacher = nullptr;
  float distill = 0.5f;
  float temperature = 2.0f;
  float hidden_mse = 0.0f;
  // Called when the gradients of layer i's parameters are complete (n_layers: of norm and head; -1: of the embedding).
  std::function<void(int64_t)> layer_done{};
};

class Transformer {
 public:
  // Weights come from `source`: ternary tensors keep their trits, full-precision ones are ternarised where the recipe
  // says so.
  static Result<std::unique_ptr<Transformer>> create(Backend& backend, const Config& config, const TensorMap& source,
                                                     const Recipe& recipe);

  // Sum of the losses of scored tokens, in nats. Gradients of gradient_scale times that sum and of router_scale times
  // the routers' losses are added to those of the parameters.
  double loss(Ops& ops, Arena& arena, const TokenBatch& batch, const LossOptions& options);
  // [n_sequences * sequence_length, vocab], of a batch that fits in memory; with the arithmetic of inference.
  std::vector<float> logits(Ops& ops, Arena& arena, const TokenBatch& batch, InputKind inputs = InputKind::as_trained);

  // Brings everything that is derived from the shadows of a layer (as layer_done counts them) up to date with their
  // alphas: trits, softened and intN weights. lambda 1: the weights are ternary.
  void requantize(Ops& ops, float lambda, int64_t layer);
  void requantize(Ops& ops, float lambda) {
    for (int64_t layer = -1; layer <= config_.n_layers(); ++layer) requantize(ops, lambda, layer);
  }

  // After a checkpoint was read, which holds shadows, alphas and trits: what is derived from those.
  void restore(Ops& ops, float lambda);

  const Config& config() const { return config_; }
  const Recipe& recipe() const { return recipe_; }
  // In file order. Pointers stay valid.
  const std::vector<BitLinear*>& parameters() const { return order_; }
  std::vector<ScaleGroup>& scale_groups() { return scale_groups_; }
  // Of a layer, as layer_done counts them.
  std::vector<BitLinear*> parameters_of(int64_t layer) const;
  std::vector<ScaleGroup*> scale_groups_of(int64_t layer);
  const std::vector<float>& rope_factors() const { return rope_factors_; }
  // Layer after layer.
  const std::vector<RouterState>& routers() const { return routers_; }
  const Taught& taught() const { return taught_; }  // of the last loss() with a teacher
  bool tied_head() const { return parameters_.output == parameters_.token_embd; }

 private:
  Transformer(const Config& config, const Recipe& recipe);
  Status load(Backend& backend, const TensorMap& source);
  Status make_scale_groups(Backend& backend);
  Status add_group(Backend& backend, std::vector<BitLinear*> members, ScaleSync sync);
  void round_integers(Ops& ops, int64_t layer) const;
  Status add_adapter(Backend& backend, BitLinear& layer);
  static Status make_effective(Backend& backend, BitLinear& layer);
  static ScaleSync automatic_sync(Backend& backend, const BitLinear& layer);

  void prepare(Ops& ops, const TokenBatch& batch);
  Value hidden(Tape& tape, const TokenBatch& batch, const std::function<void(int64_t)>& layer_done);
  double head_loss(Tape& tape, const Value& x, const Tensor& taught, std::span<const int32_t> targets,
                   const LossOptions& options);
  void imitate_hidden(Tape& tape, const Value& x, const Tensor& taught, const LossOptions& options);
  Value layer_forward(Tape& tape, const Value& x, int64_t index, std::vector<RouterState>* routers);
  ActivationMode activations() const {
    return recipe_.int8_activations ? ActivationMode::int8_per_token : ActivationMode::f32;
  }

  Config config_;
  Recipe recipe_;
  std::vector<float> rope_factors_;
  std::map<std::string, BitLinear> by_name_;
  std::vector<BitLinear*> order_;
  ModelParameters parameters_;
  std::vector<ScaleGroup> scale_groups_;

  // Of the last batch.
  int64_t n_sequences_ = 0, sequence_length_ = 0;
  Tensor tokens_;  // i32 [T]
  Rotation rotation_;
  std::vector<RouterState> routers_;
  float router_scale_ = 1.0f;
  Taught taught_;
};

}  // namespace tritium::training
