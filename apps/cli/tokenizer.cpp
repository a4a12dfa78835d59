// `tritium tokenizer train`: a vocabulary from a text.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>

#include "cli/commands.h"
#include "cli/input_text.h"
#include "cli/print_json.h"
#include "cli/printable.h"
#include "cli/terminal.h"
#include "tritium/vocabulary_training.hpp"

namespace tritium::cli {
namespace {

struct TrainingChoice {
  VocabularyTrainingOptions options;
  bool json = false;
};

double per_token(const TrainedVocabulary& v) {
  return static_cast<double>(v.n_bytes) / static_cast<double>(std::max<int64_t>(1, v.n_tokens));
}

void print_as_json(const TrainedVocabulary& v, const std::string& output) {
  print_json({{"output", output},
              {"vocab_size", v.vocab_size},
              {"characters", v.n_characters},
              {"bytes", v.n_bytes},
              {"tokens", v.n_tokens},
              {"bytes_per_token", per_token(v)},
              {"distinct_words", v.n_words},
              {"uncovered_characters", v.n_uncovered},
              {"invalid_bytes", v.n_invalid_bytes},
              {"seconds", v.seconds}});
}

void print_as_text(const TrainedVocabulary& v, const std::string& output) {
  const auto n = [](int64_t count) { return static_cast<long long>(count); };
  print_format("%s: %lld tokens, %lld of them characters; %lld bytes of text become %lld tokens, %.3f bytes a token\n",
               printable(output).c_str(), n(v.vocab_size), n(v.n_characters), n(v.n_bytes), n(v.n_tokens),
               per_token(v));
  if (v.n_uncovered > 0)
    print_format("%lld characters of the text, the rarest, are written as bytes\n", n(v.n_uncovered));
}

int train(const TrainingChoice& choice) {
  catch_interrupt();
  VocabularyTrainingOptions o = choice.options;
  o.keep_going = keep_going;
  o.waiting = say_waiting(o.data.front());
  Result<TrainedVocabulary> trained = Status(StatusCode::internal, "nothing was trained");
  {
    std::string phase;
    std::optional<ProgressLine> line;
    o.progress = [&](const std::string& what, double fraction) {
      if (what != phase) line.emplace(phase = what);
      line->show(fraction);
      return !interrupted();
    };
    trained = train_vocabulary(o);
  }
  if (!trained.ok()) return report(trained.status());
  if (trained->n_invalid_bytes > 0)
    std::fprintf(stderr, "tritium: warning: %lld bytes of the text are not UTF-8, and are tokens of one byte each\n",
                 static_cast<long long>(trained->n_invalid_bytes));
  choice.json ? print_as_json(*trained, o.output) : print_as_text(*trained, o.output);
  return kOk;
}

}  // namespace

void add_tokenizer(CLI::App& app, Action& action) {
  CLI::App* group = app.add_subcommand("tokenizer", "vocabularies: train");
  group->require_subcommand(1);
  CLI::App* command = group->add_subcommand("train", "learn a vocabulary from a text: byte-pair pieces, and bytes");
  auto choice = std::make_shared<TrainingChoice>();
  VocabularyTrainingOptions& o = choice->options;
  command->add_option("FILES", o.data, "text or JSON records, as for training; folders of such files; -: stdin")
      ->required();
  command
      ->add_option("--vocab", o.vocab_size, "tokens: 3 control tokens, 256 bytes, characters, what is merged of them")
      ->capture_default_str();
  command->add_option("-o,--output", o.output, "the GGUF file to write")->required();
  command
      ->add_option("--character-coverage", o.character_coverage,
                   "part of the text whose characters get a token; the rarest others are written as bytes")
      ->capture_default_str();
  command->add_flag("--json", choice->json, "what came out as JSON");
  command->footer(
      "The same text gives the same file. `train --tokenizer`, `tokenize` and `detokenize` take it.\n"
      "Examples:\n"
      "  tritium tokenizer train book.txt --vocab 1024 -o vocab.gguf\n"
      "  tritium tokenize vocab.gguf --text \"Hello world\"\n"
      "  tritium train --preset tiny-moe --tokenizer vocab.gguf --data book.txt --minutes 10 -o book.gguf");
  command->callback([=, &action] { action = [choice] { return train(*choice); }; });
}

}  // namespace tritium::cli
