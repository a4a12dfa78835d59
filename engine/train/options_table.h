// The training options, said once: JSON, the command line, checks of ranges and papers/training_options.md are made of
// this table (options.cpp). A new option is a field of TrainOptions, a row here, and the place that uses it.
#pragma once

#include <limits>
#include <variant>

#include "train/limits.h"
#include "tritium/training.hpp"

namespace tritium::training {

template <typename... T>
using FieldOf = std::variant<T TrainOptions::*...>;
using Field =
    FieldOf<bool, int, int64_t, uint32_t, double, std::string, std::vector<std::string>, WeightMode, ShadowPrecision,
            TernaryQuantizer, IntegerQuantizer, ScaleSync, OptimizerKind, Schedule, Average, ExportType>;

// Both bounds are allowed; in words, or everything is.
struct Range {
  double low = 0, high = 0;
  const char* words = "";
};

// A row with nothing but a key begins a group of that title.
struct Row {
  const char* key;  // the field's name, also in JSON
  Field field{};
  const char* help = nullptr;
  Range range{};  // of numbers
  // Null: the key with dashes; "": none. A switch's sets what is not the default.
  const char* flag = nullptr;
  const char* choices = nullptr;  // the names that are allowed; null: all of the type's
};

// Names of the values, in their order.
constexpr std::string_view names_of(WeightMode) {
  return "full, ternary, int8, int6, int5, int4, frozen, stochastic, lora, lora_qat";
}
constexpr std::string_view names_of(ShadowPrecision) { return "bf16, fp32, int8"; }
constexpr std::string_view names_of(TernaryQuantizer) { return "auto, absmean, threshold, sparse34"; }
constexpr std::string_view names_of(IntegerQuantizer) { return "absmax, clip"; }
constexpr std::string_view names_of(ScaleSync) { return "auto, per_block, per_expert, per_tensor, per_row, per_group"; }
constexpr std::string_view names_of(OptimizerKind) { return "adamw, sgd, muon, adalomo"; }
constexpr std::string_view names_of(Schedule) { return "constant, linear, cosine, wsd"; }
constexpr std::string_view names_of(Average) { return "none, ema, swa"; }
constexpr std::string_view names_of(ExportType) { return "auto, tq1_0, tq2_0, i2_s, q2_0, stq1_0, f16, adapter"; }

// Open bounds are the numbers next to them; the largest number is below infinity.
inline constexpr double kInfinity = std::numeric_limits<double>::infinity();
inline constexpr double kLargest = std::numeric_limits<double>::max();
inline constexpr Range kPart = {0, 1, "from 0 to 1"};
inline constexpr Range kDecay = {0, 1 - 0x1p-53, "from 0 to below 1"};
inline constexpr Range kAbove0 = {std::numeric_limits<double>::denorm_min(), kLargest, "above 0"};
inline constexpr Range kFrom0 = {0, kLargest, "at least 0"};
inline constexpr Range kFrom1 = {1, kLargest, "at least 1"};
inline constexpr Range kEndless = {0, kInfinity, "at least 0"};
inline constexpr Range kSteps = {-kInfinity, kMostSteps, "at most 4294967296"};
inline constexpr Range kSeed = {0, std::numeric_limits<uint32_t>::max(), "from 0 to 4294967295"};
inline constexpr Range kAny = {};

using O = TrainOptions;
inline constexpr Row kOptionTable[] = {
    {"What is trained"},
    {"model", &O::model, "to fine-tune: a GGUF file, any part of a split one, or a folder (finetune MODEL)", kAny, ""},
    {"transformer", &O::transformer, "or JSON of one to train from scratch (--transformer, --preset)", kAny, ""},
    {"tokenizer", &O::tokenizer,
     "from scratch: GGUF file, folder or tokenizer.json of its vocabulary, characters, or none: bytes", kAny, ""},
    {"pre", &O::pre, "how a byte-level vocabulary splits text, instead of what the file says: llama-bpe, qwen2 …"},
    {"Data"},
    {"data", &O::data, "text to learn: files of plain text or of JSON records, or folders of such files"},
    {"text", &O::text, "in place of data: the text itself", kAny, ""},
    {"valid_data", &O::valid_data, "held-out text; without it the end of the data is held out"},
    {"valid_fraction", &O::valid_fraction, "part of the data that is held out", kPart},
    {"chat_template", &O::chat_template,
     "how conversations are written, and kept in the result: file of a Jinja template, lines (role: content), or none; "
     "without it the model's own, or lines"},
    {"score_prompts", &O::score_prompts, "learn prompts too, not completions alone"},
    {"How long: the first that is reached ends the run"},
    {"steps", &O::steps, "updates of the weights", kSteps},
    {"epochs", &O::epochs, "times the data is seen", kEndless},
    {"minutes", &O::minutes, "of training, after the first look at the held-out text", kEndless},
    {"Batches"},
    {"context", &O::context, "tokens of a sequence", kFrom1},
    {"batch", &O::batch, "sequences of a step", kFrom1},
    {"micro_batch", &O::micro_batch, "sequences at once, gradients add up; 0: all", kFrom0},
    {"seed", &O::seed, "of weights, batches and rounding", kSeed},
    {"The optimiser"},
    {"optimizer", &O::optimizer,
     "muon: matrices of the layers by it, the rest by adamw; adalomo: factored moments, the least memory"},
    {"learning_rate", &O::learning_rate, "peak learning rate", kAbove0, "--lr"},
    {"ternary_rate", &O::ternary_rate,
     "of ternary weights, in alphas; 0: as --lr; below 0: 0.05 for trits of a file, else --lr", kAny, "--ternary-lr"},
    {"schedule", &O::schedule, "of the rate; wsd: warm-up, stable, fall; linear and cosine fall from its end on"},
    {"warmup", &O::warmup, "part of the steps over which the rate rises", kPart},
    {"cooldown", &O::cooldown, "part of the steps over which wsd falls", kPart},
    {"min_rate", &O::min_rate, "what of the peak is left where the rate has fallen", kPart},
    {"weight_decay", &O::weight_decay, "of matrices", kFrom0},
    {"decay_until", &O::decay_until, "part of the steps after which weights decay no more", kPart},
    {"clip", &O::clip, "largest norm of all gradients together; 0: none", kFrom0},
    {"beta1", &O::beta1, "of AdamW", kDecay},
    {"beta2", &O::beta2, "of AdamW and adalomo", kDecay},
    {"momentum", &O::momentum, "of sgd and muon", kDecay},
    {"momentum_from", &O::momentum_from, "where the momentum begins, with momentum_warmup", kDecay},
    {"momentum_warmup",
     &O::momentum_warmup,
     "steps over which it goes from there to momentum; 0: none",
     {0, kMostSteps, "from 0 to 4294967296"}},
    {"muon_steps", &O::muon_steps, "Newton-Schulz steps of muon", {1, 10, "from 1 to 10"}},
    {"muon_row_norm", &O::muon_row_norm, "muon brings the rows of a momentum to one size first"},
    {"states_8bit", &O::states_8bit, "keep the states of adamw in 8 bits", kAny, "--adam-8bit"},
    {"average", &O::average, "weights that are exported; none: the last; averages are known to hurt ternary ones"},
    {"ema_decay", &O::ema_decay, "of ema", kDecay},
    {"swa_fraction", &O::swa_fraction, "part of the steps that swa averages", kPart},
    {"update_by_layer", &O::update_by_layer, "keep one layer's gradients: less memory; needs clip 0, no micro_batch"},
    {"experts_train", &O::experts_train,
     "experts of a layer that train, of a ternary model: all, most-used:N or rotate:N; the others stay packed"},
    {"rotate_every", &O::rotate_every, "steps after which rotate takes the next N", kFrom1},
    {"A teacher"},
    {"teacher", &O::teacher, "model to imitate, of the same vocabulary: a GGUF file or a folder"},
    {"distill", &O::distill, "weight of the teacher's predictions against the text's", kPart},
    {"temperature", &O::temperature, "at which predictions are compared with the teacher's", kAbove0},
    {"hidden_mse", &O::hidden_mse, "weight of the difference from hidden values of a teacher as wide", kFrom0},
    {"Quantisation"},
    {"embedding", &O::embedding, "weights of the embedding, which has no adapter", kAny, nullptr,
     "full, ternary, int8, int6, int5, int4, frozen, stochastic"},
    {"attention", &O::attention, "weights of attention"},
    {"feed_forward", &O::feed_forward, "weights of feed-forward parts and experts", kAny, "--experts"},
    {"head", &O::head, "weights of the output head"},
    {"norms", &O::norms, "never quantised", kAny, nullptr, "full, frozen"},
    {"routers", &O::routers, "of experts; their inputs and products are floats", kAny, nullptr,
     "full, ternary, int8, int6, int5, int4, frozen"},
    {"weights", &O::weights,
     "PATTERN=MODE: modes of tensors by their names, over those of roles; * is any text; the last that fits counts"},
    {"lora_rank", &O::lora_rank, "of adapters", {1, 4096, "from 1 to 4096"}},
    {"lora_alpha", &O::lora_alpha, "adapters are multiplied by alpha / rank", kAbove0},
    {"int8_activations", &O::int8_activations, "quantise inputs of products; flag: do not", kAny, "--f32-activations"},
    {"shadow", &O::shadow, "precision of shadow weights; int8: a byte for each of quantised ones, the others as bf16"},
    {"stochastic_rounding", &O::stochastic_rounding, "of BF16 and int8 shadows; flag: to nearest", kAny,
     "--nearest-rounding"},
    {"ternary_quantizer", &O::ternary_quantizer,
     "how trits follow their shadows; auto: threshold for a Maple's, else absmean"},
    {"integer_quantizer", &O::integer_quantizer,
     "scales of integers: absmax, or clip: of five quantiles that with the least error"},
    {"scale_sync", &O::scale_sync, "what shares an alpha; auto: per_tensor, or as the scales of a ternary file"},
    {"group_size", &O::group_size, "columns of per_group: 16, 32, 64, 128 or 256; integers have groups then, too"},
    {"prune", &O::prune, "part of each row of quantised weights, those of least magnitude, that is 0", kDecay},
    {"gptq", &O::gptq, "tokens of training text by whose inputs integers are rounded in the end; 0: to nearest",
     kFrom0},
    {"alpha_momentum", &O::alpha_momentum, "running average of alphas; 0: exact", kDecay},
    {"quantize_from", &O::quantize_from, "part of the steps before weights are quantised at all", kPart},
    {"warm_start", &O::warm_start, "part of the steps after that over which they are quantised more and more", kPart},
    {"noise", &O::noise, "boundary noise, in alphas; fades to 0", kFrom0},
    {"ste_clip", &O::ste_clip, "weights beyond this many alphas get no gradient; 0: all do", kFrom0},
    {"balance", &O::balance, "coefficient of the load balance loss", kFrom0},
    {"z_loss", &O::z_loss, "coefficient of the router's z-loss", kFrom0},
    {"bias_rate", &O::bias_rate, "step of the bias that balances the choice of experts, of models that have one",
     kFrom0},
    {"checkpoint_activations", &O::checkpoint_activations, "recompute layers: less memory, a third more time"},
    {"Along the way"},
    {"eval_every", &O::eval_every, "steps between evaluations; 0: 20 of them in all", kSteps},
    {"log_every", &O::log_every, "steps between log rows; 0: 100 of them in all", kSteps},
    {"save_every", &O::save_every, "steps between checkpoints; 0: by time alone", kSteps},
    {"save_minutes", &O::save_minutes, "minutes between checkpoints; 0: only at the end or when stopped", kEndless},
    {"keep_last", &O::keep_last, "checkpoints that are kept; the best one is too"},
    {"early_stop", &O::early_stop, "evaluations without improvement that end the run; 0: none do"},
    {"folder", &O::folder, "where checkpoints and logs go; without it none are written"},
    {"resume", &O::resume, "auto: go on from the run's newest whole checkpoint in the folder; or its path"},
    {"overwrite", &O::overwrite, "remove the files of the run that the folder holds, and begin anew"},
    {"The result"},
    {"output", &O::output, "GGUF file to write", kAny, "-o,--output"},
    {"export_type", &O::export_type,
     "auto: the first of tq2_0, q2_0, f16 that fits, stq1_0 of sparse34; adapter if only that learns"},
    {"The machine"},
    {"profile", &O::profile, "show how long each operation took; slower"},
    {"backend", &O::backend, "cpu, vulkan, vulkan:INDEX, reference"},
    {"threads", &O::threads, "of the cpu backend; 0: all"},
    {"fit", &O::fit, "where the run needs more memory than is free, take settings that need less"},
};

// That each field is what its row allows. What options have to do with each other is checked in setup.cpp.
Status check_ranges(const TrainOptions& options);

}  // namespace tritium::training
