#include "cli/sampling_options.h"

namespace tritium::cli {

void add_sampling_options(CLI::App& command, SamplerOptions& sampler) {
  command.add_option("--temp", sampler.temperature, "temperature; 0: always the most probable token")
      ->capture_default_str();
  command.add_option("--top-k", sampler.top_k, "keep the K most probable; 0: all")->capture_default_str();
  command.add_option("--top-p", sampler.top_p, "keep the fewest that sum to P; 1: all")->capture_default_str();
  command.add_option("--min-p", sampler.min_p, "keep those at least P times as probable as the best; 0: all")
      ->capture_default_str();
  command.add_option("--seed", sampler.seed, "same seed, same text")->capture_default_str();
}

}  // namespace tritium::cli
