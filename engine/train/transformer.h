// The transformer of engine/model as it trains: the same layers and the same list of tensors, on a tape that records.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "model/checked_model.h"
#include "model/stream.h"
#include "ops/allocator.h"
#include "ops/step_values.h"
#include "ops/workspace.h"
#include "tensor/tensor_map.h"
#include "train/mode_rules.h"
#include "train/quantizers/quantizer.h"

namespace tritium::training {

// How each part is trained. Norms are FP32: full or frozen; shadows of routers, too.
struct Recipe {
  WeightMode embedding = WeightMode::full;
  WeightMode attention = WeightMode::ternary;
  WeightMode feed_forward = WeightMode::ternary;
  WeightMode head = WeightMode::full;
  WeightMode norms = WeightMode::full;
  WeightMode routers = WeightMode::full;
  std::vector<ModeRule> rules{};  // over those
  int64_t lora_rank = 16;
  double lora_alpha = 32.0;
  uint32_t seed = 0;  // of the adapters' first values
  ShadowPrecision shadow = ShadowPrecision::fp32;
  TernaryQuantizer ternary_quantizer = TernaryQuantizer::automatic;
  IntegerQuantizer integer_quantizer = IntegerQuantizer::absmax;
  ScaleSync scale_sync = ScaleSync::automatic;
  int64_t group_size = 128;  // of ScaleSync::per_group
  ScaleOptions scales;
  bool int8_activations = true;
  float balance = 0.01f;  // router losses
  float z_loss = 1e-3f;
  float bias_rate = 1e-3f;              // of the bias of the experts' choice, where a model has one
  int64_t trained_experts = 0;          // of each layer, the others stay as they are; 0: all
  bool checkpoint_activations = false;  // keep the inputs of layers alone, compute the rest again: less memory
  bool as_stored = false;               // ternary: what is ternary in the file; the rest learns in full precision
};

// By layer: the file's number of the expert at each place.
using ExpertOrder = std::vector<std::vector<int32_t>>;

WeightMode mode_of(const TensorSpec& tensor, const Recipe& recipe);

struct TokenBatch {
  int64_t n_sequences = 0;
  int64_t sequence_length = 0;
  std::span<const int32_t> inputs;   // [n_sequences * sequence_length]
  std::span<const int32_t> targets;  // the same; -1: not scored
};

class Transformer;

// How far the student was from its teacher: sums over tokens.
struct Taught {
  double divergence = 0;    // nats, of scored tokens
  double hidden_error = 0;  // mean squares, of all tokens
};

// What is recorded into a backward pass that updates each layer as soon as its gradients are there (Optimizer).
struct LayerUpdate {
  std::function<void()> begin;  // before the pass is recorded
  // Of layer i, when the gradients of its parameters are complete (n_layers: norm and head; -1: the embedding).
  std::function<void(Ops& ops, int64_t layer)> record;
  std::function<void()> finished;  // after each run of the pass
  int64_t structure = 0;           // another number: record() does something else
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
  const LayerUpdate* update = nullptr;  // null: the gradients stay as they are added up
};

// What passes over batches of one shape read and write.
struct BatchTensors {
  // Rows of the head that are computed together: never more logits than a few MiB.
  struct Part {
    int64_t first = 0, rows = 0;
    Tensor row_ids;      // i32 [rows]: their numbers
    Tensor targets;      // i32 [rows]
    Tensor losses;       // f32 [rows]
    Tensor divergences;  // f32 [rows], with a teacher
  };
  int64_t n_sequences = 0, sequence_length = 0;
  Tensor tokens;      // i32 [T]
  Tensor bigrams;     // i32 [T] (model/bigram.h), or none
  Rotation rotation;  // rows: i32 [T, 2]
  std::vector<Part> parts;
  std::vector<RouterState> routers;  // of each step of Config::order, or none
  // With a teacher:
  Rotation teacher_rotation;
  Tensor hidden_error;  // f32 [1]: a sum of squares

  int64_t n_tokens() const { return n_sequences * sequence_length; }
};

class Transformer {
 public:
  // Weights come from `source`: ternary tensors keep their trits, full-precision ones are ternarised where the recipe
  // says so. Where the allocator counts, values are not read but of those ternary tensors whose scales decide a shape.
  static Result<std::unique_ptr<Transformer>> create(Allocator& allocator, const CheckedModel& source,
                                                     const Recipe& recipe);
  static Result<std::unique_ptr<Transformer>> create(Backend& backend, const CheckedModel& source,
                                                     const Recipe& recipe) {
    Allocator allocator(backend);
    return create(allocator, source, recipe);
  }
  ~Transformer();

  // Sum of the losses of scored tokens, in nats. Gradients of gradient_scale times that sum and of router_scale times
  // the routers' losses are added to those of the parameters. The pass is recorded once for a shape of batch and
  // options.
  double loss(Ops& ops, Workspace& workspace, const TokenBatch& batch, const LossOptions& options);
  // Of the last loss(): of each input's target, in nats; 0 where it has none.
  std::vector<float> token_losses(Ops& ops) const;
  // After a loss or gradients that are not finite: runs the last pass again, operation by operation, and says which one
  // writes the first such value (": the first is what …"), or nothing where none does. Gradients are then undefined.
  std::string first_not_finite(Backend& backend) const;
  // [n_sequences * sequence_length, vocab], of a batch that fits in memory; with the arithmetic of inference.
  std::vector<float> logits(Ops& ops, Workspace& workspace, const TokenBatch& batch) {
    return logits(ops, workspace, batch, activations());
  }
  // The same with `inputs` for quantised weights, in place of what the recipe says.
  std::vector<float> logits(Ops& ops, Workspace& workspace, const TokenBatch& batch, ActivationMode inputs);

  // What loss() allocates, and what it runs.
  BatchTensors& tensors_of(Allocator& allocator, int64_t n_sequences, int64_t sequence_length,
                           const Transformer* teacher = nullptr);
  void record_loss(Ops& ops, const BatchTensors& batch, const LossOptions& options);
  // Brings the inputs of a pass to where it reads them.
  void upload_tokens(Ops& ops, const BatchTensors& batch, std::span<const int32_t> tokens) const;

  // The numbers that recorded operations multiply theirs with, in step_values(); upload_step() brings them there.
  const Tensor& step_values() const { return step_tensor_; }
  StepValues& now() { return now_; }
  void upload_step(Ops& ops) const;

  // Brings everything that is derived from the shadows up to date with their alphas: trits, softened and intN weights.
  // lambda 1: the weights are ternary.
  void requantize(Ops& ops, float lambda);
  // The same of a layer (LayerUpdate counts them), with the lambda of step_values(): to be recorded.
  void record_requantize(Ops& ops, int64_t layer, bool soft);
  // Dense weights, for what is between shadow and trits while lambda is below 1.
  void make_soft(Allocator& allocator);
  void drop_soft();

  // Of a layer's adapters inside quantisers: their gradients from those of the weights, which become 0; and the shadows
  // from the adapters (transformer_adapters.cpp). To be recorded.
  void record_adapter_gradients(Ops& ops, int64_t layer) const;
  void record_adapted_shadows(Ops& ops, int64_t layer) const;

  // Of a stack of experts: how many tokens each had since record_no_uses() (ShadowUpdate::uses); none: another
  // parameter.
  Tensor uses_of(const BitLinear& parameter) const;
  // Begins to count again, of a layer: to be recorded behind its update.
  void record_no_uses(Ops& ops, int64_t layer) const;

  // With Recipe::trained_experts: the experts of each layer in that order, of which the first ones train from now on,
  // from their trits and without states. The model computes what it did. Optimizer::start() must follow.
  Status order_experts(Backend& backend, const ExpertOrder& wanted);
  // At the end of a run: the file's order, and no shadows, for what trained is among the others again.
  Status restore_experts(Backend& backend);
  const ExpertOrder& experts() const { return experts_; }  // empty: all of them train
  // The file's number of an expert of a step of Config::order.
  size_t expert_at(size_t step, size_t place) const {
    if (experts_.empty()) return place;
    return static_cast<size_t>(experts_[static_cast<size_t>(config_.order[step])][place]);
  }

  // After a checkpoint was read, which holds shadows, alphas and trits: what is derived from those.
  void restore(Ops& ops, float lambda);

  // Another number when a recorded pass would run on other memory than the parameters have now.
  uint64_t structure() const;

  const Config& config() const { return config_; }
  const Recipe& recipe() const { return recipe_; }
  // In file order. Pointers stay valid.
  const std::vector<BitLinear*>& parameters() const { return order_; }
  const Quantizers& quantizers() const { return quantizers_; }
  const WeightQuantizer* quantizer_of(const BitLinear& parameter) const;  // null: it has none
  // Of a layer, as LayerUpdate counts them.
  std::vector<BitLinear*> parameters_of(int64_t layer) const;
  const std::vector<float>& rope_factors() const { return rope_factors_; }
  // Of the last batch, layer after layer.
  std::span<const RouterState> routers() const { return batch_ ? batch_->routers : std::span<const RouterState>(); }
  const Taught& taught() const { return taught_; }  // of the last loss() with a teacher
  ActivationMode activations() const {              // inputs of quantised weights
    return recipe_.int8_activations ? ActivationMode::int8_per_token : ActivationMode::f32;
  }
  bool tied_head() const { return parameters_.output == parameters_.token_embd; }

 private:
  struct Pass;

  Transformer(const Config& config, const Recipe& recipe);
  Status load(Allocator& allocator, const TensorMap& source);
  Status add_adapter(Allocator& allocator, BitLinear& layer);
  Status keep_in_part(BitLinear& layer, WeightMode wanted) const;
  Status place_experts(Backend& backend, size_t layer, const std::vector<int32_t>& wanted);
  Status start_from_trits(Allocator& allocator, BitLinear& parameter);

  BatchTensors make_tensors(Allocator& allocator, int64_t n_sequences, int64_t sequence_length) const;
  Rotation rotation_of(Allocator& allocator, const Tensor& rows, int64_t sequence_length) const;
  Value hidden(Tape& tape, const BatchTensors& batch, const Rotation& rotation, ActivationMode inputs,
               const LossOptions* options);
  LayerContext layer_of(Tape& tape, const Rotation& rotation, int64_t n_sequences, int64_t index) const;
  void count_uses(Tape& tape, const BatchTensors& batch, size_t step) const;
  void balance_choice(Tape& tape, const BatchTensors& batch, size_t step, const LossOptions& options) const;
  Value logits_of(Tape& tape, const Value& x, ActivationMode inputs, const Tensor& into = {}) const;
  void head_loss(Tape& tape, const Value& x, const Tensor& taught, const BatchTensors::Part& part,
                 const LossOptions& options);
  void losses_of_part(Tape& tape, const Value& x, const Tensor& taught, const BatchTensors::Part& part,
                      const LossOptions& options);
  void imitate_hidden(Tape& tape, const Value& x, const Tensor& taught, const BatchTensors& batch,
                      const LossOptions& options);
  Pass* pass_of(Ops& ops, Workspace& workspace, const BatchTensors& batch, const LossOptions& options);

  Config config_;
  Recipe recipe_;
  std::vector<float> rope_factors_;
  std::map<std::string, BitLinear> by_name_;
  std::vector<BitLinear*> order_;
  ModelParameters parameters_;
  ExpertOrder experts_;
  std::vector<Tensor> uses_;  // of each layer's experts, f32 [n_experts]; empty: no layer has some
  Quantizers quantizers_;
  StepValues now_ = {};
  Tensor step_tensor_;

  std::vector<std::unique_ptr<BatchTensors>> batches_;
  std::vector<std::unique_ptr<Pass>> passes_;
  const Pass* last_pass_ = nullptr;      // of loss()
  const BatchTensors* batch_ = nullptr;  // the last one
  Taught taught_;
};

}  // namespace tritium::training
