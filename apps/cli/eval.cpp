#include <array>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/input_text.h"
#include "cli/model_options.h"
#include "cli/print_json.h"
#include "cli/terminal.h"
#include "tritium/test_time_training.hpp"
#include "tritium/training.hpp"

namespace tritium::cli {
namespace {

struct EvalOptions {
  ModelOptions model;
  EvaluationOptions evaluation;
  std::string text;
  bool json = false;
  bool learn = false;
  TestTimeOptions learning;
};

constexpr std::array<std::pair<const char*, LearningPart>, 4> kParts = {{{"all", LearningPart::all},
                                                                         {"attention", LearningPart::attention},
                                                                         {"feed_forward", LearningPart::feed_forward},
                                                                         {"norms", LearningPart::norms}}};

nlohmann::json json_of(const Evaluation& e) {
  return {{"nll", e.nll},       {"loss", e.nll},   {"perplexity", e.perplexity}, {"bits_per_byte", e.bits_per_byte},
          {"tokens", e.tokens}, {"bytes", e.bytes}};
}

nlohmann::json json_of(const TestTimeReport& report, const TestTimeOptions& options) {
  nlohmann::json chunks = nlohmann::json::array();
  for (const ScoredChunk& chunk : report.chunks)
    chunks.push_back({{"first_token", chunk.first_token},
                      {"tokens", chunk.score.tokens},
                      {"bytes", chunk.score.bytes},
                      {"loss", chunk.score.nll},
                      {"bits_per_byte", chunk.score.bits_per_byte},
                      {"weights", chunk.weights},
                      {"updates", chunk.updates}});
  nlohmann::json figures = json_of(report.score);
  figures["chunks"] = report.chunks.size();
  figures["ttt"] = {{"chunk", report.chunk},
                    {"epochs", options.epochs},
                    {"batch", options.batch},
                    {"learning_rate", options.learning_rate},
                    {"learns", kParts[static_cast<size_t>(options.learns)].first},
                    {"window", report.window},
                    {"stride", report.stride},
                    {"updates", report.updates},
                    {"hash_checks", report.checks},
                    {"seconds", report.seconds},
                    {"first_chunk", chunks.front()},
                    {"chunks", chunks}};
  if (report.baseline) figures["baseline"] = json_of(*report.baseline);
  return figures;
}

void print_line(const char* what, const Evaluation& e) {
  print_format("%snll %.6f  perplexity %.4f  bits/byte %.4f  (%lld tokens, %lld bytes)\n", what, e.nll, e.perplexity,
               e.bits_per_byte, static_cast<long long>(e.tokens), static_cast<long long>(e.bytes));
}

int score(EvalOptions& options, const std::string& text) {
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
    return loaded->model.evaluate(text, options.evaluation);
  }();
  if (!result.ok()) return report(result.status().within(options.text));
  if (options.json) {
    print_json(json_of(*result));
  } else {
    print_line("", *result);
  }
  return kOk;
}

int score_and_learn(EvalOptions& options, std::string text) {
  TestTimeOptions& o = options.learning;
  o.model = options.model.model;
  o.text = std::move(text);
  o.tokenizer_pre = options.model.load.tokenizer_pre;
  o.window = options.evaluation.window;
  o.stride = options.evaluation.stride;
  o.activations = options.model.activations;
  o.backend = options.model.runtime.backend;
  o.threads = options.model.runtime.threads;
  o.log = log_sink(options.model.verbose);
  const Result<TestTimeReport> result = [&] {
    ProgressLine line("evaluating and learning");
    line.show(0);
    o.progress = [&](double fraction) {
      line.show(fraction);
      return !interrupted();
    };
    o.keep_going = keep_going;
    return test_time_training(o);
  }();
  if (!result.ok()) return report(result.status());
  if (options.json) {
    print_json(json_of(*result, o));
    return kOk;
  }
  print_line("", result->score);
  if (result->baseline) print_line("without learning: ", *result->baseline);
  print_format("%zu chunks of %lld tokens, %lld updates; weights unchanged while each was scored\n",
               result->chunks.size(), static_cast<long long>(result->chunk), static_cast<long long>(result->updates));
  return kOk;
}

int eval(EvalOptions options) {
  Result<std::string> text = read_training_text(options.text, say_waiting(options.text));
  if (!text.ok()) return report(text.status());
  catch_interrupt();  // reading a pipe that never ends is interrupted as usual
  return options.learn ? score_and_learn(options, *std::move(text)) : score(options, *text);
}

void add_learning(CLI::App& command, EvalOptions& options) {
  constexpr const char* kGroup = "Test-time training";
  CLI::Option* learn = command.add_flag(
      "--ttt", options.learn, "learn from each chunk of the text once it is scored: its own scores stay, the file too");
  for (const char* other : {"--kv", "--layout", "--pin", "--i2s-64", "--lora", "--lora-strength", "--cache"})
    learn->excludes(other);
  TestTimeOptions& o = options.learning;
  const std::vector<CLI::Option*> details = {
      command.add_option("--ttt-chunk", o.chunk, "tokens of a chunk; 0: 32768, or an eighth of a shorter text"),
      command.add_option("--ttt-epochs", o.epochs, "times that a chunk is learned; the last chunk is not"),
      command.add_option("--ttt-batch", o.batch, "sequences of an update, as long as the window"),
      command.add_option("--ttt-lr", o.learning_rate, "rate of the first chunk; falls as a cosine to 0 at the last"),
      command.add_option("--ttt-momentum", o.momentum, "of gradient descent"),
      command.add_option("--ttt-clip", o.clip, "largest norm of all gradients together; 0: none"),
      command.add_option_function<std::string>(
          "--ttt-train",
          [&o](const std::string& name) {
            for (const auto& [known, part] : kParts)
              if (name == known) return void(o.learns = part);
            throw CLI::ValidationError("--ttt-train",
                                       "\"" + name + "\" is not known; take all, attention, feed_forward or norms");
          },
          "what learns: all | attention | feed_forward | norms (default all)"),
      command.add_flag("--ttt-baseline", o.baseline, "score the text without learning, too")};
  for (CLI::Option* option : details) {
    option->needs(learn)->group(kGroup);
    if (option->get_expected_max() > 0 && option->get_name() != "--ttt-train") option->capture_default_str();
  }
  learn->group(kGroup);
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
  command->add_flag(
      "--json", options->json,
      "nll (also as loss), perplexity, bits_per_byte, tokens, bytes as JSON; with --ttt also chunks, ttt");
  add_learning(*command, *options);
  command->footer(
      "Examples:\n"
      "  tritium eval model.gguf --text book.txt --window 512 --stride 256 --json\n"
      "  tritium eval model.gguf --text book.txt --ttt --ttt-baseline");
  command->callback([=, &action] { action = [options] { return eval(*options); }; });
}

}  // namespace tritium::cli
