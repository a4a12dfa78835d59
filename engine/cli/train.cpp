// `tritium train` and `tritium finetune`: options to TrainOptions, what is going on to the terminal.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/input_text.h"
#include "cli/print_json.h"
#include "cli/terminal.h"
#include "tritium/training.hpp"

namespace tritium::cli {
namespace {

using nlohmann::json;

enum class Kind { text, number, path, paths, flag, off };

// A command-line option is a training option of another spelling; ranges and values are checked by the library.
struct Option {
  const char* flag;
  const char* name;  // in TrainOptions
  Kind kind;
  const char* help;
};

constexpr std::array kOptions = {
    Option{"--data", "data", Kind::paths, "text to learn: .txt, .md, .jsonl files or folders of them"},
    Option{"--valid-data", "valid_data", Kind::paths, "held-out text; without it the end of the data is held out"},
    Option{"--valid-fraction", "valid_fraction", Kind::number, "part of the data that is held out (0.1)"},
    Option{"--score-prompts", "score_prompts", Kind::flag, "learn prompts too, not completions alone"},
    Option{"-o,--output", "output", Kind::path, "GGUF file to write"},
    Option{"--export-type", "export_type", Kind::text, "auto, tq1_0, tq2_0, i2_s, q2_0, f16, adapter (LoRA alone)"},
    Option{"--steps", "steps", Kind::number, "how long: steps,"},
    Option{"--epochs", "epochs", Kind::number, "times the data is seen, or"},
    Option{"--minutes", "minutes", Kind::number, "minutes; the first that is reached ends the run"},
    Option{"--context", "context", Kind::number, "tokens of a sequence (128)"},
    Option{"--batch", "batch", Kind::number, "sequences of a step (16)"},
    Option{"--micro-batch", "micro_batch", Kind::number, "sequences at once, gradients add up (all)"},
    Option{"--lr", "learning_rate", Kind::number, "peak learning rate (1e-3)"},
    Option{"--ternary-lr", "ternary_rate", Kind::number,
           "of ternary weights, in alphas; 0: as --lr (0.05 for trits from a file, else 0)"},
    Option{"--schedule", "schedule", Kind::text, "constant, linear, cosine, wsd (warm-up, stable, fall)"},
    Option{"--warmup", "warmup", Kind::number, "part of the steps over which the rate rises (0.02)"},
    Option{"--cooldown", "cooldown", Kind::number, "part of the steps over which wsd falls (0.4)"},
    Option{"--weight-decay", "weight_decay", Kind::number, "of matrices (0)"},
    Option{"--clip", "clip", Kind::number, "largest norm of all gradients; 0: none (1)"},
    Option{"--optimizer", "optimizer", Kind::text, "adamw, sgd, muon (matrices of layers; the rest by adamw)"},
    Option{"--beta1", "beta1", Kind::number, "of AdamW (0.9)"},
    Option{"--beta2", "beta2", Kind::number, "of AdamW (0.95)"},
    Option{"--momentum", "momentum", Kind::number, "of sgd and muon (0.95)"},
    Option{"--adam-8bit", "states_8bit", Kind::flag, "keep the optimiser's states in 8 bits"},
    Option{"--average", "average", Kind::text, "weights that are exported: none (the last), ema, swa"},
    Option{"--ema-decay", "ema_decay", Kind::number, "of ema (0.997)"},
    Option{"--swa-fraction", "swa_fraction", Kind::number, "part of the steps that swa averages (0.4)"},
    Option{"--update-by-layer", "update_by_layer", Kind::flag,
           "no gradients beyond a layer's: less memory; needs --clip 0"},
    Option{"--teacher", "teacher", Kind::path, "GGUF file of a model to imitate, of the same vocabulary"},
    Option{"--distill", "distill", Kind::number, "weight of the teacher's predictions against the text's (0.5)"},
    Option{"--temperature", "temperature", Kind::number, "at which predictions are compared with the teacher's (2)"},
    Option{"--hidden-mse", "hidden_mse", Kind::number, "weight of the difference from the teacher's hidden values (0)"},
    Option{"--attention", "attention", Kind::text,
           "weights of attention: full, ternary, int8 … int4, frozen, stochastic, lora"},
    Option{"--experts", "feed_forward", Kind::text, "weights of feed-forward parts and experts, likewise"},
    Option{"--head", "head", Kind::text, "weights of the output head, likewise"},
    Option{"--embedding", "embedding", Kind::text, "of the embedding: full, frozen"},
    Option{"--norms", "norms", Kind::text, "full, frozen"},
    Option{"--routers", "routers", Kind::text, "full, frozen"},
    Option{"--lora-rank", "lora_rank", Kind::number, "of adapters (16)"},
    Option{"--lora-alpha", "lora_alpha", Kind::number, "adapters are multiplied by alpha / rank (32)"},
    Option{"--f32-activations", "int8_activations", Kind::off, "do not quantise the inputs of products"},
    Option{"--shadow", "shadow", Kind::text, "precision of shadow weights: fp32, bf16"},
    Option{"--nearest-rounding", "stochastic_rounding", Kind::off, "round BF16 shadows to nearest"},
    Option{"--scale-sync", "scale_sync", Kind::text,
           "what shares an alpha: auto, per_block, per_expert, per_tensor, per_row, per_group"},
    Option{"--group-size", "group_size", Kind::number, "columns of per_group (128)"},
    Option{"--alpha-momentum", "alpha_momentum", Kind::number, "running average of alphas; 0: exact (0)"},
    Option{"--warm-start", "warm_start", Kind::number, "part of the steps over which weights become ternary (0)"},
    Option{"--noise", "noise", Kind::number, "boundary noise, in alphas (0)"},
    Option{"--ste-clip", "ste_clip", Kind::number, "weights beyond this many alphas get no gradient; 0: all do (0)"},
    Option{"--balance", "balance", Kind::number, "coefficient of the load balance loss (0.01)"},
    Option{"--z-loss", "z_loss", Kind::number, "coefficient of the router's z-loss (0.001)"},
    Option{"--checkpoint-activations", "checkpoint_activations", Kind::flag, "less memory, a third more time"},
    Option{"--eval-every", "eval_every", Kind::number, "steps between evaluations"},
    Option{"--log-every", "log_every", Kind::number, "steps between log rows"},
    Option{"--save-every", "save_every", Kind::number, "steps between checkpoints"},
    Option{"--keep-last", "keep_last", Kind::number, "checkpoints that are kept (2); the best one is too"},
    Option{"--early-stop", "early_stop", Kind::number, "evaluations without improvement that end the run"},
    Option{"--folder", "folder", Kind::path, "where checkpoints and logs go"},
    Option{"--resume", "resume", Kind::path, "auto: go on from the folder's newest checkpoint; or its path"},
    Option{"--profile", "profile", Kind::flag, "show how long each operation took"},
    Option{"--seed", "seed", Kind::number, "of weights, batches and rounding (0)"},
    Option{"--backend", "backend", Kind::text, "cpu, vulkan, vulkan:INDEX, reference"},
    Option{"--threads", "threads", Kind::number, "of the cpu backend; 0: all"},
};

struct CommandLine {
  std::map<std::string, std::vector<std::string>> values;  // by name in TrainOptions
  std::string model, config, preset, transformer, tokenizer, mode;
  bool print_config = false, plan_only = false, json = false;
};

// "0.001" as the number it is; what is no number goes on as text, and is refused with the option's name.
json number_of(const std::string& text) {
  const json value = json::parse(text, nullptr, false);
  return value.is_number() ? value : json(text);
}

json given_options(const CommandLine& line) {
  json given = json::object();
  for (const Option& o : kOptions) {
    const auto found = line.values.find(o.name);
    if (found == line.values.end() || found->second.empty()) continue;
    switch (o.kind) {
      case Kind::text: given[o.name] = found->second.back(); break;
      case Kind::number: given[o.name] = number_of(found->second.back()); break;
      case Kind::path: break;
      case Kind::paths: break;
      case Kind::flag: given[o.name] = true; break;
      case Kind::off: given[o.name] = false; break;
    }
  }
  return given;
}

// Paths are bytes of any kind, which JSON cannot hold: they go past it.
void take_paths(const CommandLine& line, TrainOptions& options) {
  for (const auto& [name, path] : {std::pair{"output", &options.output},
                                   {"teacher", &options.teacher},
                                   {"folder", &options.folder},
                                   {"resume", &options.resume}})
    if (const auto found = line.values.find(name); found != line.values.end() && !found->second.empty())
      *path = found->second.back();
  for (const auto& [name, paths] : {std::pair{"data", &options.data}, {"valid_data", &options.valid_data}})
    if (const auto found = line.values.find(name); found != line.values.end() && !found->second.empty())
      *paths = found->second;
}

Result<TrainOptions> resolve(const CommandLine& line) {
  TrainOptions options;
  if (!line.config.empty()) {
    const Result<std::string> text = read_text(line.config);
    if (!text.ok()) return text.status();
    Result<TrainOptions> read = train_options_from_json(*text, options);
    if (!read.ok()) return read.status().within(line.config);
    options = *std::move(read);
  }
  if (!line.preset.empty()) {
    std::string names;
    for (const TrainPreset& preset : train_presets()) {
      names += (names.empty() ? "" : ", ") + preset.name;
      if (preset.name == line.preset) options.transformer = preset.transformer;
    }
    if (options.transformer.empty())
      return Status(StatusCode::invalid_argument, "there is no preset \"" + line.preset + "\"; there are " + names);
  }
  if (!line.transformer.empty()) {
    const Result<std::string> text = read_text(line.transformer);
    if (!text.ok()) return text.status();
    options.transformer = *text;
  }
  take_paths(line, options);
  if (!line.model.empty()) options.model = line.model;
  if (!line.tokenizer.empty()) options.tokenizer = line.tokenizer;
  json given = given_options(line);
  if (!line.mode.empty()) {
    const std::string mode = line.mode == "ste" ? "ternary" : line.mode;
    const auto unless_given = [&given](const char* part, const std::string& value) {
      if (!given.contains(part)) given[part] = value;
    };
    for (const char* part : {"attention", "feed_forward"}) unless_given(part, mode);
    // Adapters alone are learned, so that they can be kept in a file of their own.
    if (mode == "lora")
      for (const char* part : {"embedding", "head", "norms", "routers"}) unless_given(part, "frozen");
  }
  // What is no path and no UTF-8 is no value either, and is refused by its option.
  return train_options_from_json(given.dump(-1, ' ', false, json::error_handler_t::replace), options);
}

void show_plan(const TrainPlan& plan) {
  std::string text = "weights " + std::to_string(plan.parameters) + " (" + std::to_string(plan.active_parameters) +
                     " used by a token, " + std::to_string(plan.ternary_parameters) + " ternary); text " +
                     std::to_string(plan.train_tokens) + " + " + std::to_string(plan.valid_tokens) +
                     " held-out tokens\nmemory ";
  for (const MemoryPart& part : plan.memory) text += part.what + " " + human_bytes(part.bytes) + ", ";
  char figures[160];
  std::snprintf(figures, sizeof figures, "together %s; %.2f bytes a weight without activations",
                human_bytes(plan.memory_bytes).c_str(), plan.bytes_per_weight);
  text += figures;
  if (plan.available_bytes > 0) text += "; free " + human_bytes(plan.available_bytes);
  std::fprintf(stderr, "%s\n", text.c_str());
}

std::string duration(double seconds) {
  const auto s = static_cast<long long>(std::max(0.0, seconds));
  char text[48];
  if (s >= 3600) {
    std::snprintf(text, sizeof text, "%lld h %02lld min", s / 3600, s / 60 % 60);
  } else {
    std::snprintf(text, sizeof text, "%lld:%02lld", s / 60, s % 60);
  }
  return text;
}

// One line a report: written over itself on a terminal, except where the held-out text was evaluated.
class LiveLine {
 public:
  void show(const TrainProgress& p) {
    char head[160];
    std::snprintf(head, sizeof head, "step %lld/%lld  loss %.4f", static_cast<long long>(p.step),
                  static_cast<long long>(p.steps), p.train_loss);
    std::string line = head;
    const auto add = [&line](const char* pattern, double value) {
      char text[64];
      std::snprintf(text, sizeof text, pattern, value);
      line += text;
    };
    if (p.valid_loss) add("  valid %.4f", *p.valid_loss);
    if (p.bits_per_byte) add("  bits/byte %.4f", *p.bits_per_byte);
    if (p.divergence) add("  KL %.4f", *p.divergence);
    add("  %.0f tok/s", p.tokens_per_second);
    if (p.flipped_percent > 0) add("  flips %.2f%%", p.flipped_percent);
    if (p.zero_percent > 0) add("  zeros %.0f%%", p.zero_percent);
    if (p.router_entropy) add("  router %.2f nats", *p.router_entropy);
    if (!p.expert_load.empty()) {
      const auto [idlest, busiest] = std::minmax_element(p.expert_load.begin(), p.expert_load.end());
      add("  load %.2f", double{*idlest} * static_cast<double>(p.n_experts));
      add("-%.2f", double{*busiest} * static_cast<double>(p.n_experts));
    }
    line += "  ETA " + duration(p.seconds_left);
    if (terminal_) {
      std::fprintf(stderr, "\r\x1b[K%s%s", line.c_str(), p.valid_loss ? "\n" : "");
    } else if (p.valid_loss) {
      std::fprintf(stderr, "%s\n", line.c_str());
    }
    std::fflush(stderr);
  }
  void end() {
    if (terminal_) std::fprintf(stderr, "\r\x1b[K");
  }

 private:
  bool terminal_ = isatty(STDERR_FILENO) != 0;
};

Status save_config(const TrainOptions& options) {
  if (options.folder.empty()) return Status();
  std::error_code problem;
  std::filesystem::create_directories(options.folder, problem);
  std::ofstream file(std::filesystem::path(options.folder) / "config.json");
  file << train_options_to_json(options) << "\n" << std::flush;
  return file ? Status() : Status(StatusCode::io_error, options.folder + ": config.json cannot be written");
}

int run_training(const CommandLine& line) {
  Result<TrainOptions> options = resolve(line);
  if (!options.ok()) return report(options.status());
  options->log = log_sink(false);
  if (line.print_config) {
    print(train_options_to_json(*options) + "\n");
    return kOk;
  }
  const Result<TrainPlan> plan = plan_training(*options);
  if (!plan.ok()) return report(plan.status());
  show_plan(*plan);
  if (line.plan_only) return kOk;
  if (const Status status = save_config(*options); !status.ok()) return report(status);
  catch_interrupt();
  LiveLine live;
  const Result<TrainReport> done =
      train(*options, {.progress = [&](const TrainProgress& p) { return live.show(p), true; },
                       .keep_going = [] { return !interrupted(); }});
  live.end();
  if (!done.ok()) return report(done.status());
  for (const ProfileEntry& entry : done->profile)
    std::fprintf(stderr, "%-28s %8lld calls %9.3f s\n", entry.operation.c_str(), static_cast<long long>(entry.calls),
                 entry.seconds);
  if (line.json) {
    print_json({{"step", done->step},
                {"train_loss", done->train_loss ? json(*done->train_loss) : json()},
                {"valid_loss", done->valid_loss},
                {"first_valid_loss", done->first_valid_loss},
                {"teacher_valid_loss", done->teacher_valid_loss ? json(*done->teacher_valid_loss) : json()},
                {"expert_distance", done->expert_distance ? json(*done->expert_distance) : json()},
                {"average_valid_loss", done->average_valid_loss ? json(*done->average_valid_loss) : json()},
                {"bits_per_byte", done->bits_per_byte},
                {"tokens_per_second", done->tokens_per_second},
                {"seconds", done->seconds},
                {"checkpoint", done->checkpoint},
                {"output", done->output},
                {"export_difference", done->export_difference},
                {"packed_bytes", done->packed_bytes},
                {"bytes_per_weight", plan->bytes_per_weight},
                {"parameters", plan->parameters},
                {"active_parameters", plan->active_parameters}});
    return kOk;
  }
  char train_loss[32] = "-";
  if (done->train_loss) std::snprintf(train_loss, sizeof train_loss, "%.4f", *done->train_loss);
  print_format(
      "%s after step %lld: train %s, valid %.4f nats/token (at first %.4f), %.4f bits/byte, %.0f tokens/s, %s\n",
      done->stop == TrainStop::interrupted ? "stopped"
      : done->stop == TrainStop::early     ? "no more improvement"
                                           : "done",
      static_cast<long long>(done->step), train_loss, done->valid_loss, done->first_valid_loss, done->bits_per_byte,
      done->tokens_per_second, duration(done->seconds).c_str());
  if (done->expert_distance)
    print_format("experts were %.2f apart at the start (0: copies, 1: independent)\n", *done->expert_distance);
  if (done->average_valid_loss) print_format("averaged weights: %.4f nats/token\n", *done->average_valid_loss);
  if (done->teacher_valid_loss) print_format("the teacher's: %.4f nats/token\n", *done->teacher_valid_loss);
  if (done->stop == TrainStop::interrupted && done->checkpoint.empty())
    std::fprintf(stderr, "tritium: nothing was saved: there is no --folder for checkpoints\n");
  if (!done->checkpoint.empty()) print("checkpoint " + done->checkpoint + "\n");
  if (done->exported_step != done->step)
    print_format("the best weights are those of step %lld, valid %.4f\n", static_cast<long long>(done->exported_step),
                 done->valid_loss);
  if (!done->output.empty())
    print_format("wrote %s, %s of tensors; its logits are within %.2g of the trainer's\n", done->output.c_str(),
                 human_bytes(done->packed_bytes).c_str(), done->export_difference);
  return kOk;
}

void add_options(CLI::App& command, const std::shared_ptr<CommandLine>& line, Action& action) {
  command.add_option("--config", line->config, "JSON file of training options; the command line goes before it");
  command.add_option("--mode", line->mode,
                     "ste (ternary), full, stochastic (no shadows), lora, int8, int6, int5, int4: of attention and "
                     "experts; lora freezes the "
                     "rest");
  command.add_flag("--print-config", line->print_config, "show the resolved options as JSON and stop");
  command.add_flag("--json", line->json, "what came out as JSON");
  command.add_flag("--plan", line->plan_only, "show the memory plan and stop");
  for (const Option& o : kOptions) {
    std::vector<std::string>& values = line->values[o.name];
    if (o.kind == Kind::flag || o.kind == Kind::off) {
      command.add_flag_callback(
          o.flag, [&values] { values.push_back("true"); }, o.help);
    } else {
      CLI::Option* option = command.add_option(o.flag, values, o.help);
      option->expected(o.kind == Kind::paths ? -1 : 1);
    }
  }
  command.callback([line, &action] { action = [line] { return run_training(*line); }; });
}

}  // namespace

void add_train(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("train", "train a transformer from scratch on a text");
  auto line = std::make_shared<CommandLine>();
  std::string presets = "one of";
  for (const TrainPreset& preset : train_presets()) presets += "\n" + preset.name + ": " + preset.description;
  command->add_option("--preset", line->preset, presets);
  command->add_option("--transformer", line->transformer, "JSON file that describes the transformer");
  command->add_option("--tokenizer", line->tokenizer,
                      "GGUF file whose vocabulary is used; characters: those of the data; without it: bytes");
  add_options(*command, line, action);
  command->footer(
      "Example:\n"
      "  tritium train --preset tiny-moe --data book.txt --minutes 10 -o book.gguf --folder run");
}

void add_finetune(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("finetune", "train a model further on a text");
  auto line = std::make_shared<CommandLine>();
  command->add_option("model", line->model, "GGUF file")->required();
  add_options(*command, line, action);
  command->footer(
      "Example:\n"
      "  tritium finetune model.gguf --data book.txt --minutes 3 -o tuned.gguf\n"
      "  tritium finetune model.gguf --data chat.jsonl --mode lora --minutes 3 -o adapter.gguf\n"
      "  tritium finetune f32.gguf --mode ste --teacher f32.gguf --data book.txt --minutes 3 -o ternary.gguf\n"
      "Ctrl-C saves a checkpoint into --folder and ends the run; --resume auto goes on.");
}

}  // namespace tritium::cli
