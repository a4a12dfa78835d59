#include "cli/sampling_options.h"

#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <utility>

#include "tritium/text_file.hpp"

namespace tritium::cli {
namespace {

// TOKEN+BIAS or TOKEN-BIAS, a bias as 1.5 or inf.
std::optional<LogitBias> parse_bias(const std::string& text) {
  const size_t sign = text.find_first_of("+-");
  if (sign == 0 || sign == std::string::npos || text.find_first_not_of("0123456789") != sign) return std::nullopt;
  try {
    size_t token_end = 0, bias_end = 0;
    const std::string amount = text.substr(sign + 1);
    const int token = std::stoi(text.substr(0, sign), &token_end);
    const float bias = std::stof(amount, &bias_end);
    if (bias_end != amount.size() || amount.find_first_of("+- ") != std::string::npos || std::isnan(bias))
      return std::nullopt;
    return LogitBias{.token = token, .bias = text[sign] == '-' ? -bias : bias};
  } catch (const std::exception&) {  // no number, or one that is too large
    return std::nullopt;
  }
}

template <typename T>
CLI::Option* add(CLI::App& command, const std::string& name, T& value, const std::string& what) {
  return command.add_option(name, value, what)->capture_default_str();
}

void add_truncation(CLI::App& command, SamplerOptions& sampler) {
  add(command, "--temp", sampler.temperature, "temperature; 0: always the most probable token");
  add(command, "--top-k", sampler.top_k, "keep the K most probable; 0: all");
  add(command, "--top-p", sampler.top_p, "keep the fewest that sum to P; 1: all");
  add(command, "--min-p", sampler.min_p, "keep those at least P times as probable as the best; 0: all");
  add(command, "--typical", sampler.typical_p,
      "keep those whose surprise is nearest to the mean one, the fewest that sum to P; 1: all");
  add(command, "--top-n-sigma", sampler.top_n_sigma,
      "keep those at most N standard deviations below the largest logit; 0: all");
  add(command, "--xtc-probability", sampler.xtc_probability,
      "how often the most probable tokens are left out, all but the last above the threshold; 0: never");
  add(command, "--xtc-threshold", sampler.xtc_threshold, "probability from which on that is done");
  add(command, "--mirostat", sampler.mirostat,
      "1, 2: keep the surprise of tokens near a target, in place of keeping some by what is above; 0: do not");
  add(command, "--mirostat-ent", sampler.mirostat_tau, "that target, in bits");
  add(command, "--mirostat-lr", sampler.mirostat_eta, "how fast it learns");
}

void add_penalties(CLI::App& command, SamplerOptions& sampler) {
  add(command, "--repeat-penalty", sampler.repeat_penalty, "divides logits of tokens that the text has; 1: does not");
  add(command, "--frequency-penalty", sampler.frequency_penalty, "is subtracted as often as the text has a token");
  add(command, "--presence-penalty", sampler.presence_penalty, "is subtracted once");
  add(command, "--repeat-last-n", sampler.penalty_last_n,
      "how much of the text those three look at, in tokens; -1: all, 0: nothing");
  add(command, "--dry-multiplier", sampler.dry_multiplier,
      "DRY: what a token costs that would make a repetition longer than it may be; 0: nothing");
  add(command, "--dry-base", sampler.dry_base, "each token more costs so many times as much");
  add(command, "--dry-allowed-length", sampler.dry_allowed_length, "tokens that may be repeated");
  add(command, "--dry-penalty-last-n", sampler.dry_penalty_last_n,
      "how much of the text is looked at, in tokens; -1: all, 0: nothing");
  // Those that are given take the place of the defaults.
  command
      .add_option_function<std::vector<std::string>>(
          "--dry-sequence-breaker",
          [&sampler](const std::vector<std::string>& given) {
            sampler.dry_sequence_breakers = given;
            if (given == std::vector<std::string>{"none"}) sampler.dry_sequence_breakers.clear();
          },
          "a text that repetitions do not reach across (again for more; none: there is none; default: a line end, :, "
          "\" and *)")
      ->allow_extra_args(false);
  command
      .add_option_function<std::vector<std::string>>(
          "--logit-bias",
          [&sampler](const std::vector<std::string>& given) {
            for (const std::string& text : given) sampler.logit_bias.push_back(*parse_bias(text));
          },
          "TOKEN+BIAS or TOKEN-BIAS: added to the logit of a token id; TOKEN-inf forbids it (again for more)")
      ->check([](const std::string& text) {
        return parse_bias(text) ? "" : "\"" + text + "\" is not like 403+1.5, 403-1.5 or 403-inf: a token id, a bias";
      })
      ->allow_extra_args(false);
}

// --NAME TEXT, or --NAME-file FILE.
void add_text(CLI::App& command, const std::string& name, std::string& text, const std::string& what) {
  CLI::Option* given = command.add_option(name, text, what);
  const auto read = [name, &text](const std::string& path) {
    Result<std::string> content = read_text(path);
    if (!content.ok()) throw CLI::ValidationError(name + "-file", content.message());
    text = *std::move(content);
  };
  command.add_option_function<std::string>(name + "-file", read, "the same from a file")->excludes(given);
}

void add_grammar(CLI::App& command, GenerateOptions& generate) {
  add_text(command, "--grammar", generate.grammar, "what the text must be, in GBNF (papers/grammar.md)");
  add_text(command, "--json-schema", generate.json_schema, "the same by a JSON schema; {}: any JSON");
  command
      .add_option("--grammar-trigger", generate.grammar_triggers,
                  "the text is free until it has this word, with which the grammar's begins (again for more)")
      ->allow_extra_args(false);
}

}  // namespace

void add_sampling_options(CLI::App& command, GenerateOptions& generate) {
  SamplerOptions& sampler = generate.sampler;
  sampler.seed = kRandomSeed;
  add_truncation(command, sampler);
  add_penalties(command, sampler);
  add_grammar(command, generate);
  command.add_option("--seed", sampler.seed, "same seed, same text; -1: another one each time, which is told")
      ->transform([](const std::string& text) { return text == "-1" ? std::to_string(kRandomSeed) : text; })
      ->check([](const std::string& text) {
        const bool number = text.find_first_not_of("0123456789") == std::string::npos;
        return number ? "" : "\"" + text + "\" is neither -1 nor an integer from 0 on";
      })
      ->type_name("INT")
      ->default_str("-1");
  command
      .add_option("--stop", generate.stop,
                  "end where the text contains this, which is not written any more (again for more)")
      ->allow_extra_args(false);
  const std::map<std::string, WhenFull> when_full = {
      {"stop", WhenFull::stop}, {"slide", WhenFull::slide}, {"error", WhenFull::error}};
  command
      .add_option("--context-full", generate.when_full,
                  "when the context is full: stop | slide: forget the older half of what is not kept, and evaluate the "
                  "rest again | error")
      ->transform(CLI::CheckedTransformer(when_full).description(""))
      ->type_name("TEXT")
      ->default_str("stop");
  add(command, "--keep", generate.sinks, "tokens at the beginning that --context-full slide does not forget");
  command
      .add_option("--guess", generate.guess,
                  "guess up to N tokens where the text repeats itself, and verify them at once: the same text, sooner "
                  "where it quotes; 0: none")
      ->check(CLI::Range(int64_t{0}, int64_t{1} << 20))
      ->capture_default_str();
}

Status check_sampling(const GenerateOptions& generate) { return Sampler::create(generate.sampler).status(); }

std::string guess_figures(const Generation& generation) {
  if (generation.guessed == 0) return {};
  return ", " + std::to_string(generation.accepted) + " of " + std::to_string(generation.guessed) + " guesses right";
}

std::string seed_figure(const Generation& generation, const SamplerOptions& sampler) {
  if (sampler.seed != kRandomSeed || sampler.temperature == 0.0f) return {};
  return ", seed " + std::to_string(generation.seed);
}

}  // namespace tritium::cli
