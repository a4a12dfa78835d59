#include "model/rope_table.h"

#include <cmath>

namespace tritium {

std::vector<float> rope_table(const Config& config, std::span<const float> factors, int64_t first, int64_t n) {
  const int64_t n_pairs = config.rope_dims / 2;
  std::vector<float> table;
  table.reserve(static_cast<size_t>(2 * n * n_pairs));
  std::vector<double> frequencies;
  for (int64_t i = 0; i < n_pairs; ++i)
    frequencies.push_back(
        std::pow(config.rope_base, -2.0 * static_cast<double>(i) / static_cast<double>(config.rope_dims)));
  for (int64_t t = 0; t < n; ++t)
    for (int64_t i = 0; i < n_pairs; ++i) {
      double angle = static_cast<double>(first + t) / config.rope_scale * frequencies[static_cast<size_t>(i)];
      if (!factors.empty()) angle /= double{factors[static_cast<size_t>(i)]};
      table.push_back(static_cast<float>(std::cos(angle)));
      table.push_back(static_cast<float>(std::sin(angle)));
    }
  return table;
}

}  // namespace tritium
