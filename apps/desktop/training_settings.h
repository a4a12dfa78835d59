// What a person chooses of a fine-tuning, and what a model suggests.
#pragma once

#include <string>

#include "tritium/tritium.hpp"

namespace tritium::desktop {

enum class Learns { everything, feed_forward, attention, adapters };
enum class Experts { all, most_used, rotate };

struct TrainingSettings {
  std::string text, output;
  int steps = 100, context = 128, batch = 4;
  float rate = 1e-3F;
  Learns learns = Learns::everything;
  Experts experts = Experts::all;
  int n_experts = 1;  // of each layer, unless all
  bool fit = false;   // the plan's settings are taken where these need more memory than there is

  bool operator==(const TrainingSettings&) const = default;
};

// With the model that is trained.
struct TrainingJob {
  std::string model, backend;
  bool is_ternary = false, is_mixture = false;
  TrainingSettings settings;

  // Experts are chosen among ternary ones that train.
  bool chooses_experts() const {
    return is_ternary && is_mixture &&
           (settings.learns == Learns::everything || settings.learns == Learns::feed_forward);
  }
};

// Low-rank adapters learn at a higher rate (papers/finetuning.md).
float suggested_rate(Learns learns);
// Beside the model.
std::string suggested_output(const ModelInfo& info, Learns learns);
// All but the text.
TrainingSettings suggested_settings(const ModelInfo& info);

}  // namespace tritium::desktop
