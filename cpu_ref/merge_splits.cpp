// What the splits of attention found, brought to one largest score (Milakov & Gimelshein 2018).
#include "ops/merge_splits.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "shaders/lib/splits.h"

namespace tritium::cpu_ref {

void merge_splits(const MergeSplitsParams& p, std::span<const float> parts, std::span<float> y) {
  for (uint32_t h = 0; h < p.n_heads; ++h) {
    const auto part = [&](uint32_t s) {
      return parts.subspan(shader::part_of(h, s, p.n_splits, p.value_dim), p.value_dim + 2);
    };
    float largest = -std::numeric_limits<float>::infinity();
    for (uint32_t s = 0; s < p.n_splits; ++s)
      largest = shader::with_split(largest, part(s)[p.value_dim], part(s)[p.value_dim + 1]);
    const auto weight = [&](uint32_t s) {
      return part(s)[p.value_dim + 1] == 0.0f ? 0.0 : std::exp(double{part(s)[p.value_dim]} - largest);
    };
    double sum = 0;
    for (uint32_t s = 0; s < p.n_splits; ++s) sum += weight(s) * part(s)[p.value_dim + 1];
    for (size_t c = 0; c < p.value_dim; ++c) {
      double mix = 0;
      for (uint32_t s = 0; s < p.n_splits; ++s) mix += weight(s) * part(s)[c];
      y[h * p.value_dim + c] = static_cast<float>(mix / sum);
    }
  }
}

}  // namespace tritium::cpu_ref
