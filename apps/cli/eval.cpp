#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/input_text.h"
#include "cli/model_options.h"
#include "cli/print_json.h"
#include "cli/terminal.h"
#include "tritium/training.hpp"

namespace tritium::cli {
namespace {

struct EvalOptions {
  ModelOptions model;
  EvaluationOptions evaluation;
  std::string text;
  bool json = false;
};

int eval(EvalOptions options) {
  const Result<std::string> text = read_training_text(options.text, say_waiting(options.text));
  if (!text.ok()) return report(text.status());
  catch_interrupt();  // reading a pipe that never ends is interrupted as usual
  const Result<LoadedModel> loaded = load(options.model);
  if (!loaded.ok()) return report(loaded.status());

  options.evaluation.activations = options.model.activations;
  options.evaluation.kv = options.model.kv;
  Result<Evaluation> result = [&] {
    ProgressLine line("evaluating");
    line.show(0);  // a long text takes a while to become tokens
    options.evaluation.progress = [&](double fraction) {
      line.show(fraction);
      return !interrupted();
    };
    options.evaluation.keep_going = keep_going;
    return loaded->model.evaluate(*text, options.evaluation);
  }();
  if (!result.ok()) return report(result.status().within(options.text));
  if (options.json) {
    const nlohmann::json figures = {{"nll", result->nll},
                                    {"perplexity", result->perplexity},
                                    {"bits_per_byte", result->bits_per_byte},
                                    {"tokens", result->tokens},
                                    {"bytes", result->bytes}};
    print_json(figures);
  } else {
    print_format("nll %.6f  perplexity %.4f  bits/byte %.4f  (%lld tokens, %lld bytes)\n", result->nll,
                 result->perplexity, result->bits_per_byte, static_cast<long long>(result->tokens),
                 static_cast<long long>(result->bytes));
  }
  return kOk;
}

}  // namespace

void add_eval(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("eval", "perplexity of a model on a text, by sliding windows");
  auto options = std::make_shared<EvalOptions>();
  add_model_options(*command, options->model);
  command
      ->add_option("--text", options->text, "text, or JSON records as for training (prompts are scored, too); -: stdin")
      ->required();
  command->add_option("--window", options->evaluation.window, "tokens of context at most; 0: the model's, at most 4096")
      ->capture_default_str();
  command->add_option("--stride", options->evaluation.stride, "tokens scored for each window; 0: half the window")
      ->capture_default_str();
  command->add_flag("--json", options->json, "nll, perplexity, bits_per_byte, tokens, bytes as JSON");
  command->footer(
      "Example:\n"
      "  tritium eval model.gguf --text book.txt --window 512 --stride 256 --json");
  command->callback([=, &action] { action = [options] { return eval(*options); }; });
}

}  // namespace tritium::cli
