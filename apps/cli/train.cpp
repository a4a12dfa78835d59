// `tritium train` and `tritium finetune`: options to TrainOptions, what is going on to the terminal.
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/input_text.h"
#include "cli/print_json.h"
#include "cli/print_profile.h"
#include "cli/system.h"
#include "cli/terminal.h"
#include "tritium/debug.hpp"
#include "tritium/training.hpp"

namespace tritium::cli {
namespace {

using nlohmann::json;

struct CommandLine {
  std::map<std::string, std::vector<std::string>> values;  // of training options, by key
  std::string model, config, preset, transformer, tokenizer, mode;
  bool print_config = false, list_options = false, plan_only = false, json = false;
};

// A mode is what the parts that it stands for may be.
Status check_mode(const std::string& mode) {
  TrainOptions options;
  if (set_train_option(options, "attention", {mode}).ok()) return Status();
  std::string allowed;
  for (const TrainOption& o : train_options())
    if (o.key == "attention") allowed = o.allowed;
  return Status(StatusCode::invalid_argument, "--mode is \"" + mode + "\", must be ste or " + allowed);
}

Result<TrainOptions> resolve(const CommandLine& line) {
  TrainOptions options;
  if (!line.config.empty()) {
    const Result<std::string> text = read_text(line.config, say_waiting(line.config));
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
    const Result<std::string> text = read_text(line.transformer, say_waiting(line.transformer));
    if (!text.ok()) return text.status();
    options.transformer = *text;
  }
  if (!line.model.empty()) options.model = line.model;
  if (!line.tokenizer.empty()) options.tokenizer = line.tokenizer;
  std::map<std::string, std::vector<std::string>> values = line.values;
  const auto unless_given = [&values](const char* part, const std::string& mode_of_it) {
    if (values[part].empty()) values[part] = {mode_of_it};
  };
  const std::string mode = line.mode == "ste" ? "ternary" : line.mode;
  if (!mode.empty()) {
    if (const Status known = check_mode(mode); !known.ok()) return known;
    for (const char* part : {"attention", "feed_forward"}) unless_given(part, mode);
  }
  // Adapters alone are learned: those of lora can be kept in a file of their own.
  if (line.mode == "lora" || line.mode == "lora_qat")
    for (const char* part : {"embedding", "head", "norms", "routers"}) unless_given(part, "frozen");
  for (const auto& [key, words] : values) {
    if (words.empty()) continue;
    if (const Status status = set_train_option(options, key, words); !status.ok()) return status;
  }
  return options;
}

void show_plan(const TrainPlan& plan) {
  const auto n = [](auto count) { return static_cast<long long>(count); };
  std::fprintf(stderr, "weights %lld (%lld used by a token, %lld ternary); text %lld + %lld held-out tokens\nmemory ",
               n(plan.parameters), n(plan.active_parameters), n(plan.ternary_parameters), n(plan.train_tokens),
               n(plan.valid_tokens));
  for (const MemoryPart& part : plan.memory)
    std::fprintf(stderr, "%s %s, ", part.what.c_str(), human_bytes(part.bytes).c_str());
  std::fprintf(stderr, "together %s; %.2f bytes a weight without activations", human_bytes(plan.memory_bytes).c_str(),
               plan.bytes_per_weight);
  if (plan.available_bytes > 0) std::fprintf(stderr, "; free %s", human_bytes(plan.available_bytes).c_str());
  std::fprintf(stderr, "\n");
}

// As a command line gives them: "--shadow bf16 --adam-8bit".
std::string flags_of(const std::vector<TrainSetting>& settings) {
  std::string flags;
  for (const TrainOption& o : train_options())
    for (const TrainSetting& s : settings)
      if (s.key == o.key)
        flags += (flags.empty() ? "" : " ") + o.flag + (o.kind == OptionKind::flag ? "" : " " + s.value);
  return flags;
}

// What would make it fit, or does.
void show_fitting(const TrainPlan& plan, bool taken) {
  if (plan.fitting.empty()) return;
  std::fprintf(stderr, taken ? "with %s, which --fit takes\n" : "would fit with %s: %s (--fit takes these)\n",
               flags_of(plan.fitting).c_str(), human_bytes(plan.fitting_bytes).c_str());
}

std::string duration(double seconds) {
  const auto s = static_cast<long long>(std::max(0.0, seconds));
  const long long unit = s >= 3600 ? 60 : 1;
  char text[48];
  std::snprintf(text, sizeof text, s >= 3600 ? "%lld h %02lld min" : "%lld:%02lld", s / unit / 60, s / unit % 60);
  return text;
}

// One line a report: written over itself on a terminal, except where the held-out text was evaluated.
void show_progress(const TrainProgress& p, bool terminal) {
  std::string line = "step " + std::to_string(p.step) + "/" + std::to_string(p.steps);
  const auto add = [&line](const char* pattern, double value) {
    char text[64];
    std::snprintf(text, sizeof text, pattern, value);
    line += text;
  };
  add("  loss %.4f", p.train_loss);
  if (p.valid_loss) add("  valid %.4f", *p.valid_loss);
  if (p.bits_per_byte) add("  bits/byte %.4f", *p.bits_per_byte);
  if (p.divergence) add("  KL %.4f", *p.divergence);
  add("  %.0f tok/s", p.tokens_per_second);
  if (p.hardness < 1) add("  weights %.0f%% quantised", 100.0 * p.hardness);
  if (p.flipped_percent > 0) add("  flips %.2f%%", p.flipped_percent);
  if (p.zero_percent > 0) add("  zeros %.0f%%", p.zero_percent);
  if (p.router_entropy) add("  router %.2f nats", *p.router_entropy);
  if (!p.expert_load.empty()) {
    const auto [idlest, busiest] = std::minmax_element(p.expert_load.begin(), p.expert_load.end());
    add("  load %.2f", double{*idlest} * static_cast<double>(p.n_experts));
    add("-%.2f", double{*busiest} * static_cast<double>(p.n_experts));
  }
  line += "  ETA " + duration(p.seconds_left);
  if (terminal || p.valid_loss)
    std::fprintf(stderr, "%s%s%s", terminal ? "\r\x1b[K" : "", line.c_str(), p.valid_loss ? "\n" : "");
  std::fflush(stderr);
}

// Markdown, a table a group: papers/training_options.md.
void list_options() {
  std::string group;
  for (const TrainOption& o : train_options()) {
    if (o.group != group)
      print("\n## " + o.group + "\n\n| option | flag | value | default | |\n|---|---|---|---|---|\n");
    group = o.group;
    print("| `" + o.key + "` | " + (o.flag.empty() ? "" : "`" + o.flag + "`") + " | " + o.allowed + " | " + o.initial +
          " | " + o.help + " |\n");
  }
}

void print_report_as_json(const TrainReport& r, const TrainPlan& plan) {
  const auto if_known = [](const std::optional<double>& value) { return value ? json(*value) : json(); };
  json figures = {{"step", r.step},
                  {"train_loss", if_known(r.train_loss)},
                  {"valid_loss", r.valid_loss},
                  {"first_valid_loss", r.first_valid_loss},
                  {"teacher_valid_loss", if_known(r.teacher_valid_loss)},
                  {"expert_distance", if_known(r.expert_distance)},
                  {"average_valid_loss", if_known(r.average_valid_loss)},
                  {"bits_per_byte", r.bits_per_byte},
                  {"tokens_per_second", r.tokens_per_second},
                  {"seconds", r.seconds},
                  {"checkpoint", r.checkpoint},
                  {"output", r.output},
                  {"export_difference", r.export_difference},
                  {"packed_bytes", r.packed_bytes},
                  {"bytes_per_weight", plan.bytes_per_weight},
                  {"parameters", plan.parameters},
                  {"active_parameters", plan.active_parameters}};
  if (!r.profile.empty()) figures["profile"] = profile_json(r.profile);
  print_json(figures);
}

void print_report(const TrainReport& r) {
  const bool interrupted = r.stop == TrainStop::interrupted;
  char train_loss[32] = "-";
  if (r.train_loss) std::snprintf(train_loss, sizeof train_loss, "%.4f", *r.train_loss);
  print_format(
      "%s after step %lld: train %s, valid %.4f nats/token (at first %.4f), %.4f bits/byte, %.0f tokens/s, %s\n",
      interrupted                  ? "stopped"
      : r.stop == TrainStop::early ? "no more improvement"
                                   : "done",
      static_cast<long long>(r.step), train_loss, r.valid_loss, r.first_valid_loss, r.bits_per_byte,
      r.tokens_per_second, duration(r.seconds).c_str());
  if (r.expert_distance)
    print_format("experts were %.2f apart at the start (0: copies, 1: independent)\n", *r.expert_distance);
  if (r.average_valid_loss) print_format("averaged weights: %.4f nats/token\n", *r.average_valid_loss);
  if (r.teacher_valid_loss) print_format("the teacher's: %.4f nats/token\n", *r.teacher_valid_loss);
  if (interrupted && r.checkpoint.empty())
    std::fprintf(stderr, "tritium: nothing was saved: %s\n",
                 r.step == 0 ? "there was no step yet" : "there is no --folder for checkpoints");
  if (!r.checkpoint.empty()) print("checkpoint " + r.checkpoint + "\n");
  if (r.exported_step != r.step)
    print_format("the best weights are those of step %lld, valid %.4f\n", static_cast<long long>(r.exported_step),
                 r.valid_loss);
  if (!r.output.empty())
    print_format("wrote %s, %s of tensors; its logits are within %.2g of the trainer's\n", r.output.c_str(),
                 human_bytes(r.packed_bytes).c_str(), r.export_difference);
}

int run_training(const CommandLine& line) {
  if (line.list_options) return list_options(), kOk;
  Result<TrainOptions> options = resolve(line);
  if (!options.ok()) return report(options.status());
  options->log = log_sink(false);
  if (line.print_config) return print(train_options_to_json(*options) + "\n"), kOk;
  const Status apart = check_output(options->output, {line.config, line.transformer});
  if (!apart.ok()) return report(apart);
  const Result<TrainPlan> plan = plan_training(*options);
  if (!plan.ok()) return report(plan.status());
  show_plan(*plan);
  show_fitting(*plan, options->fit);
  if (line.plan_only) return kOk;
  catch_interrupt();
  // Which checkpoint it goes on from, and what else a person wants to know of a run.
  options->log = [show = log_sink(true)](LogLevel level, const std::string& text) {
    if (level > LogLevel::debug) show(level, text);
  };
  const bool terminal = is_terminal(Stream::errors);
  const Result<TrainReport> done =
      train(*options, {.progress = [&](const TrainProgress& p) { return show_progress(p, terminal), true; },
                       .keep_going = [] { return !interrupted(); }});
  if (terminal) std::fprintf(stderr, "\r\x1b[K");
  if (!done.ok()) return report(done.status());
  print_profile(done->profile);
  // The work is in the files, which are whole: what would be said of them is not wanted.
  if (!has_stdout() && !(done->output.empty() && done->checkpoint.empty())) return kOk;
  line.json ? print_report_as_json(*done, *plan) : print_report(*done);
  const bool before_first_step = done->stop == TrainStop::interrupted && done->step == 0;
  return before_first_step ? exit_code(kFailed) : kOk;
}

void add_options(CLI::App& command, const std::shared_ptr<CommandLine>& line, Action& action) {
  command.add_option("--config", line->config, "JSON file of training options; the command line goes before it");
  command.add_option("--mode", line->mode,
                     "ste (ternary), full, stochastic (no shadows), lora, lora_qat (inside the quantiser), int8, int6, "
                     "int5, int4: of attention and experts; with lora and lora_qat the rest is frozen");
  command.add_flag("--print-config", line->print_config, "show the resolved options as JSON and stop");
  command.add_flag("--json", line->json, "what came out as JSON");
  command.add_flag("--plan", line->plan_only, "show the memory plan and stop");
  command.add_flag("--list-options", line->list_options, "show all training options as Markdown and stop");
  for (const TrainOption& o : train_options()) {
    if (o.flag.empty()) continue;
    std::vector<std::string>& words = line->values[o.key];
    const bool text = o.kind == OptionKind::text || o.kind == OptionKind::texts;
    const std::string help =
        o.help + (o.initial.empty() ? "" : " [" + (text ? "" : o.allowed + "; ") + o.initial + "]");
    CLI::Option* option = o.kind == OptionKind::flag
                              ? command.add_flag_callback(
                                    o.flag, [&words] { words = {"given"}; }, o.help)
                              : command.add_option(o.flag, words, help)->expected(o.kind == OptionKind::texts ? -1 : 1);
    option->group(o.group);
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
  command->add_option(
      "--tokenizer", line->tokenizer,
      "GGUF file, folder or tokenizer.json whose vocabulary is used; characters: those of the data; without it: bytes");
  add_options(*command, line, action);
  command->footer(
      "Example:\n"
      "  tritium train --preset tiny-moe --data book.txt --minutes 10 -o book.gguf --folder run");
}

void add_finetune(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("finetune", "train a model further on a text");
  auto line = std::make_shared<CommandLine>();
  command->add_option("model", line->model, "model: a .gguf file, any part of a split one, or a folder")->required();
  add_options(*command, line, action);
  command->footer(
      "Example:\n"
      "  tritium finetune model.gguf --data book.txt --minutes 3 -o tuned.gguf\n"
      "  tritium finetune model.gguf --data chat.jsonl --mode lora --minutes 3 -o adapter.gguf\n"
      "  tritium finetune f32.gguf --mode ste --teacher f32.gguf --data book.txt --minutes 3 -o ternary.gguf\n"
      "Ctrl-C saves a checkpoint into --folder and ends the run; --resume auto goes on. A folder belongs to one run: "
      "another\n"
      "one needs another folder, or --overwrite.");
}

}  // namespace tritium::cli
