#include "model/rope_table.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/cancel.h"

namespace tritium {
namespace {

// rope_base^(-2i / rope_dims), mixed as YaRN says.
std::vector<double> frequencies_of(const Config& config) {
  const auto dims = static_cast<double>(config.rope_dims);
  const Yarn& yarn = config.yarn;
  // The wave that turns so often within the original context.
  const auto wave = [&](double turns) {
    return dims * std::log(yarn.original_context / (2 * std::numbers::pi * turns)) / (2 * std::log(config.rope_base));
  };
  const bool mixed = yarn.factor != 1.0;
  const double low = mixed ? std::max(std::floor(wave(yarn.beta_fast)), 0.0) : 0.0;
  const double high = mixed ? std::min(std::ceil(wave(yarn.beta_slow)), dims - 1) : 0.0;
  std::vector<double> frequencies;
  for (int64_t i = 0; i < config.rope_dims / 2; ++i) {
    const auto number = static_cast<double>(i);
    double frequency = std::pow(config.rope_base, -2.0 * number / dims);
    if (mixed) {
      const double divided = std::clamp((number - low) / std::max(high - low, 0.001), 0.0, 1.0);
      frequency = frequency * (1 - divided) + frequency / yarn.factor * divided;
    }
    frequencies.push_back(frequency);
  }
  return frequencies;
}

}  // namespace

std::vector<float> rope_table(const Config& config, std::span<const float> factors, int64_t first, int64_t n) {
  const int64_t n_pairs = config.rope_dims / 2;
  std::vector<float> table;
  table.reserve(static_cast<size_t>(2 * n * n_pairs));
  const std::vector<double> frequencies = frequencies_of(config);
  const double magnitude = config.yarn.magnitude;
  for (int64_t t = 0; t < n; ++t) {
    check_cancelled_every<1024>(static_cast<size_t>(t));
    for (int64_t i = 0; i < n_pairs; ++i) {
      double angle = static_cast<double>(first + t) / config.rope_scale * frequencies[static_cast<size_t>(i)];
      if (!factors.empty()) angle /= double{factors[static_cast<size_t>(i)]};
      table.push_back(static_cast<float>(magnitude * std::cos(angle)));
      table.push_back(static_cast<float>(magnitude * std::sin(angle)));
    }
  }
  return table;
}

}  // namespace tritium
