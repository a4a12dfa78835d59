// Training with tritium: fine-tunes a ternary or full-precision model on a text, or trains one from scratch, on any
// backend. The result is a GGUF file that this library and other programs run.
//
//   tritium::TrainOptions options;
//   options.model = "model.gguf";
//   options.data = {"book.txt"};
//   options.output = "tuned.gguf";
//   auto report = tritium::train(options, {.progress = [](const tritium::TrainProgress& p) { … return true; }});
//
// Errors, threads and callbacks as in tritium.hpp.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tritium/log.hpp"
#include "tritium/profile.hpp"
#include "tritium/status.hpp"
#include "tritium/text_file.hpp"

namespace tritium {

// What the forward pass multiplies with.
enum class WeightMode {
  full,     // full precision: the baseline
  ternary,  // alpha * {-1, 0, +1}, trained straight-through on a shadow copy
  int8,     // row-wise integers, likewise
  int6,
  int5,
  int4,
  frozen,      // as the file has it; nothing is learned
  stochastic,  // trits without a shadow: they flip with a probability proportional to the update; alphas stay
  lora,        // frozen, with a low-rank adapter beside it that learns (Hu et al. 2021)
  lora_qat,    // ternary, of the frozen weights and a low-rank adapter inside the quantiser, which alone learns
};

// How shadows are kept. int8: those of quantised weights as codes of one byte with a step for all of a tensor; others
// as bf16.
enum class ShadowPrecision { bf16, fp32, int8 };

// Which weights share an alpha (their mean magnitude).
enum class ScaleSync {
  automatic,   // from scratch: per_tensor; of a ternary file: as its scales are
  per_block,   // ONE alpha for gate, up and down of all experts of a transformer block
  per_expert,  // one for gate, up and down of each expert
  per_tensor,  // one for each matrix, or stack of experts
  per_row,
  per_group,  // one for each `group_size` columns of a row
};

// How trits follow their shadows.
enum class TernaryQuantizer {
  automatic,  // threshold for the trits of a Maple, which were trained so; else absmean
  absmean,    // alpha = mean |w| over what shares it, 0 below alpha / 2 (Ma et al. 2024)
  threshold,  // of each row: 0 below 0.7 mean |w|, alpha = the mean of the others (Li et al. 2016)
  sparse34,   // the least of each four is 0, the others are not; alpha = their mean, of each row (Huang et al. 2025)
};

// How the scales of integers follow their shadows: one for each row, with ScaleSync::per_group one for each group.
enum class IntegerQuantizer {
  absmax,  // max |w| / qmax
  clip,    // of five quantiles of |w| (.999 … 1), each over qmax, that with the least squared error
};

enum class OptimizerKind {
  adamw,
  sgd,      // with momentum
  muon,     // matrices of the layers by their orthogonal momentum, the rest by adamw
  adalomo,  // second moments as a number a row and a column, no first ones (Lv et al. 2023)
};

enum class Schedule {
  constant,
  linear,  // to min_rate
  cosine,  // to min_rate
  wsd,     // warm-up, stable, then linear to min_rate over the last `cooldown` of the steps
};

// Weights that are evaluated and exported in the end, in place of the last step's.
enum class Average {
  none,
  ema,  // exponential, with ema_decay
  swa,  // the mean over the last swa_fraction of the steps
};

// How ternary weights are written. Weights that are not ternary are stored exactly (F32, or BF16 shadows as BF16).
enum class ExportType {
  automatic,  // tq2_0 where rows are multiples of 256, else q2_0 (64), else f16; stq1_0 of sparse34; adapter of
              // adapters
  tq1_0,
  tq2_0,
  i2_s,
  q2_0,
  stq1_0,   // of sparse34
  f16,      // adapters are merged: trits cannot hold what is smaller than half an alpha
  adapter,  // only the LoRA adapters, for the model that was fine-tuned
};

// What each of them means and may be is said once, for JSON, command lines and people: papers/training_options.md is
// made of it, and train_options() lists it.
struct TrainOptions {
  // ---- what is trained: the first, or the second and perhaps the third
  std::string model, transformer, tokenizer;
  std::string pre;  // how a byte-level vocabulary splits text, instead of what the file says

  // ---- plain text, or JSON records: {"text"}, {"prompt","completion"}, {"messages"}, …; or folders of such files
  std::vector<std::string> data;
  std::string text;  // in place of data
  std::vector<std::string> valid_data;
  double valid_fraction = 0.1;
  bool score_prompts = false;
  std::string chat_template;

  // ---- how long: at least one must be set
  int64_t steps = 0;
  double epochs = 0, minutes = 0;

  int64_t context = 128, batch = 16, micro_batch = 0;
  uint32_t seed = 0;

  // ---- the optimiser
  OptimizerKind optimizer = OptimizerKind::adamw;
  double learning_rate = 1e-3, ternary_rate = -1.0;
  Schedule schedule = Schedule::wsd;
  double warmup = 0.02, cooldown = 0.4, min_rate = 0.0;
  double weight_decay = 0.0, decay_until = 1.0, clip = 1.0;
  double beta1 = 0.9, beta2 = 0.95, momentum = 0.95, momentum_from = 0.92;
  int64_t momentum_warmup = 0, muon_steps = 5;
  bool muon_row_norm = false;
  bool states_8bit = false;
  Average average = Average::none;
  double ema_decay = 0.997, swa_fraction = 0.4;
  bool update_by_layer = false;
  // Of a mixture whose experts are ternary, in its file, too: "all"; "most-used:N", those of each layer that the router
  // chose for most of some batches of the text; "rotate:N", other N every rotate_every steps. The others have neither
  // shadows nor states, and keep every trit.
  std::string experts_train = "all";
  int64_t rotate_every = 100;

  // ---- a teacher: the loss is (1 - distill) cross-entropy + distill temperature^2 KL(teacher || student)
  // + hidden_mse mean (difference of hidden values)^2 (Hinton et al. 2015; Wang et al. 2025, "BitDistill")
  std::string teacher;
  double distill = 0.5, temperature = 2.0, hidden_mse = 0.0;

  // ---- quantisation
  WeightMode embedding = WeightMode::full;
  WeightMode attention = WeightMode::ternary, feed_forward = WeightMode::ternary;
  WeightMode head = WeightMode::full, norms = WeightMode::full, routers = WeightMode::full;
  std::vector<std::string> weights;  // "PATTERN=MODE", over those: by the names of tensors
  int64_t lora_rank = 16;
  double lora_alpha = 32.0;
  bool int8_activations = true;
  ShadowPrecision shadow = ShadowPrecision::fp32;
  bool stochastic_rounding = true;
  TernaryQuantizer ternary_quantizer = TernaryQuantizer::automatic;
  IntegerQuantizer integer_quantizer = IntegerQuantizer::absmax;
  ScaleSync scale_sync = ScaleSync::automatic;
  int64_t group_size = 128;
  double prune = 0.0;
  int64_t gptq = 0;
  double alpha_momentum = 0.0, quantize_from = 0.0, warm_start = 0.0, noise = 0.0, ste_clip = 0.0;
  double balance = 0.01, z_loss = 1e-3, bias_rate = 1e-3;
  bool checkpoint_activations = false;

  // ---- along the way, and the result
  int64_t eval_every = 0, log_every = 0, save_every = 0;
  double save_minutes = 10.0;
  int64_t keep_last = 2, early_stop = 0;
  std::string folder, resume, output;
  bool overwrite = false;
  ExportType export_type = ExportType::automatic;

  bool profile = false;  // into TrainReport::profile
  std::string backend = "cpu";
  int threads = 0;
  bool fit = false;
  LogSink log{};
};

struct TrainProgress {
  int64_t step = 0;
  int64_t steps = 0;      // in all, as far as it is known
  double train_loss = 0;  // nats a token, mean since the last report
  std::optional<double> valid_loss;
  std::optional<double> bits_per_byte;  // of the held-out text
  double learning_rate = 0;
  double gradient_norm = 0;
  double tokens_per_second = 0;
  double seconds = 0;
  double seconds_left = 0;
  double flipped_percent = 0;            // trits that changed since the last report
  double zero_percent = 0;               // trits that are zero
  double hardness = 1;                   // below 1 weights are not yet quantised (quantize_from, warm_start); 0: at all
  std::optional<double> divergence;      // from the teacher's predictions, nats a token
  std::optional<double> router_entropy;  // nats, mean over tokens and layers
  std::vector<float> expert_load;        // fraction of slots, layer after layer
  int64_t n_experts = 0;
};

struct TrainCallbacks {
  std::function<bool(const TrainProgress&)> progress{};  // false: save a checkpoint and stop
  // As in options.hpp: asked in the middle of steps and evaluations, too. false: as above, without a step that was cut
  // short; `cancelled` where nothing was learned yet, or the checkpoint is written and the export was under way.
  std::function<bool()> keep_going{};
};

struct MemoryPart {
  std::string what;
  uint64_t bytes = 0;
};

// A value of an option, as set_train_option() takes it.
struct TrainSetting {
  std::string key, value;
};

struct TrainPlan {
  uint64_t parameters = 0;
  uint64_t active_parameters = 0;
  uint64_t ternary_parameters = 0;
  double bytes_per_weight = 0;  // of what trains: shadow, states, gradient, trits
  std::vector<MemoryPart> memory;
  uint64_t memory_bytes = 0;
  uint64_t available_bytes = 0;  // 0: unknown
  // Where the run would not fit: settings with which it would need fitting_bytes. With TrainOptions::fit they are
  // taken, and the plan is with them. Empty: it fits as it is, or nothing would help.
  std::vector<TrainSetting> fitting;
  uint64_t fitting_bytes = 0;
  int64_t train_tokens = 0;
  int64_t valid_tokens = 0;
  int64_t steps = 0;  // 0: until the minutes are over
};

enum class TrainStop { finished, interrupted, early };

struct TrainReport {
  TrainStop stop = TrainStop::finished;
  int64_t step = 0;
  int64_t exported_step = 0;           // after an early stop that of the best checkpoint, where there is a folder
  std::optional<double> train_loss{};  // nats a token, mean of the last steps; none when no step was taken
  double valid_loss = 0;               // of exported_step
  double bits_per_byte = 0;
  double first_valid_loss = 0;
  std::optional<double> expert_distance{};  // at the start: 0 for copies, about 1 for independent experts
  std::optional<double> teacher_valid_loss{};
  std::optional<double>
      average_valid_loss{};  // of averaged weights, which were exported; valid_loss: of the last step's
  double seconds = 0;
  double tokens_per_second = 0;
  std::string checkpoint;  // the last one written
  std::string output;
  double export_difference = 0;       // largest |logit of the file - logit of the trainer|
  uint64_t packed_bytes = 0;          // of the exported tensors
  std::vector<ProfileEntry> profile;  // longest first
};

// The text of a file as training reads it ("-": standard input): plain text as it is, of JSON records the texts that
// they stand for, a line apart. Errors name the file and the line.
Result<std::string> read_training_text(const std::string& path, const TextWaiting& waiting = {});

// What train() would need; reads data and model headers.
Result<TrainPlan> plan_training(const TrainOptions& options);
Result<TrainReport> train(const TrainOptions& options, const TrainCallbacks& callbacks = {});

// A run whose steps the application takes: train() is create(), step() until has_ended(), and export_to(). The options
// say how long the run is, by which rates follow their schedule, and what happens along the way: evaluations, early
// stop, checkpoints and log in its folder. `minutes` are those within step(). One thread at a time: a call that finds
// another one under way is invalid_argument. Device and folder are the trainer's own until it goes.
class Trainer {
 public:
  // Up to the first step, the first look at the held-out text included. callbacks.keep_going is of this call;
  // callbacks.progress is called by steps, as train() does.
  static Result<Trainer> create(const TrainOptions& options, const TrainCallbacks& callbacks = {});
  Trainer(Trainer&& other) noexcept;
  Trainer& operator=(Trainer&& other) noexcept;
  ~Trainer();

  // n steps, at least one; fewer where the run ends, none where it has. train_loss, gradient_norm and tokens_per_second
  // are means of these steps (NaN without any), valid_loss that of the last evaluation among them. cancelled, also
  // where callbacks.progress said so: what was taken before stays, and a step that was cut short was not taken (routers
  // that keep a bias to balance their experts may have moved it by one step).
  Result<TrainProgress> step(int64_t n = 1, const std::function<bool()>& keep_going = {});
  // Its steps, epochs or minutes are over, or early_stop has ended it.
  bool has_ended() const;
  // Where it is, with valid_loss and bits_per_byte of all held-out text.
  Result<TrainProgress> evaluate(const std::function<bool()>& keep_going = {});
  // A checkpoint, for TrainOptions::resume; "": in the folder of the run. Cannot be cancelled.
  Status save(const std::string& path = {});
  // The model as train() would leave it now: held-out text is scored, the file written ("": TrainOptions::output) and
  // its logits are compared. Training can go on as if it had not been; where an export changes what is trained (an
  // average, gptq, experts_train, after an early stop) the run is kept meanwhile in a file beside it, PATH.training.
  // TrainReport::stop is `interrupted` where the run has not ended.
  Result<TrainReport> export_to(const std::string& path = {}, const std::function<bool()>& keep_going = {});

 private:
  struct State;
  explicit Trainer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// ---- comparing ways to quantise ----------------------------------------------------------------------------------

struct QuantCompareOptions {
  std::vector<std::string> data;  // empty: a short text that comes with the library
  int64_t seeds = 1;
  bool smoke = false;  // a smaller model and fewer steps: about a minute
  int64_t steps = 0;   // 0: 1500, or 150 with smoke
  double learning_rate = 2e-3;
  Schedule schedule = Schedule::constant;
  int threads = 0;
  std::function<bool(const std::string& what)> progress{};  // called before each run; false ends the study
  std::function<bool()> keep_going{};                       // options.hpp
};

struct MeanAndDeviation {
  double mean = 0;
  double deviation = 0;  // of the seeds; 0 for one
};

// One way to quantise, over all seeds.
struct QuantCompareRow {
  std::string name;  // "full precision", "int8", "int4", "ternary"
  int64_t dim = 0;
  uint64_t model_bytes = 0;  // packed; what is not quantised counts 2 bytes
  MeanAndDeviation train_loss, valid_loss, perplexity, bits_per_byte;
};

struct ActivityCheck {
  std::string what;
  std::string found;
  bool passed = false;
};

struct QuantCompareReport {
  std::vector<QuantCompareRow> equal_steps;  // the same transformer
  std::vector<QuantCompareRow> equal_bytes;  // narrower ones, as large as the ternary one when packed
  std::vector<ActivityCheck> checks;         // that the ternary model's quantisation is real, of the first seed
};

// Trains the same small transformer on the same batches in full precision, int8, int4 and ternary.
Result<QuantCompareReport> quant_compare(const QuantCompareOptions& options);

// ---- options by name ---------------------------------------------------------------------------------------------

enum class OptionKind { flag, integer, real, choice, text, texts };

// A field of TrainOptions, for programs that show it: its name, also in JSON, its flag ("-o,--output"; empty: none),
// what it is, may be ("one of adamw, sgd, muon", "a number from 0 to 1") and is by default (empty: nothing).
struct TrainOption {
  OptionKind kind = OptionKind::text;
  std::string key, flag, group, help, allowed, initial;
};
std::vector<TrainOption> train_options();  // empty where memory ends

// As a command line says it: a flag becomes what it is not by default, texts are any bytes.
Status set_train_option(TrainOptions& options, std::string_view key, const std::vector<std::string>& words);

// Options as JSON (the names of the fields above; empty where memory ends) and back. Unknown names and wrong types are
// errors that name them.
std::string train_options_to_json(const TrainOptions& options);
Result<TrainOptions> train_options_from_json(std::string_view json, const TrainOptions& defaults = {});

// Descriptions of transformers that come with the library, for TrainOptions::transformer: name and JSON.
struct TrainPreset {
  std::string name;
  std::string description;
  std::string transformer;
};
const std::vector<TrainPreset>& train_presets();

}  // namespace tritium
