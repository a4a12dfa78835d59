#include "cli/sampling_options.h"

namespace tritium::cli {

void add_sampling_options(CLI::App& command, GenerateOptions& generate) {
  SamplerOptions& sampler = generate.sampler;
  command.add_option("--temp", sampler.temperature, "temperature; 0: always the most probable token")
      ->capture_default_str();
  command.add_option("--top-k", sampler.top_k, "keep the K most probable; 0: all")->capture_default_str();
  command.add_option("--top-p", sampler.top_p, "keep the fewest that sum to P; 1: all")->capture_default_str();
  command.add_option("--min-p", sampler.min_p, "keep those at least P times as probable as the best; 0: all")
      ->capture_default_str();
  command.add_option("--seed", sampler.seed, "same seed, same text")->capture_default_str();
  command
      .add_option("--guess", generate.guess,
                  "guess up to N tokens where the text repeats itself, and verify them at once: the same text, sooner "
                  "where it quotes; 0: none")
      ->check(CLI::Range(int64_t{0}, int64_t{1} << 20))
      ->capture_default_str();
}

std::string guess_figures(const Generation& generation) {
  if (generation.guessed == 0) return {};
  return ", " + std::to_string(generation.accepted) + " of " + std::to_string(generation.guessed) + " guesses right";
}

}  // namespace tritium::cli
