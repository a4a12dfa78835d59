// Cosines and sines of rotary embedding, in double precision on the host: a GPU's sin and cos are too coarse for large
// positions (Vulkan guarantees 2^-11 within [-pi, pi] and nothing beyond).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "model/config.h"

namespace tritium {

// (n, rope_dims / 2, 2): cos and sin of position / rope_scale * rope_base^(-2i / rope_dims) / factors[i], for positions
// first … first + n - 1. `factors` may be empty (all 1). With YaRN, frequency i is the mixture
//   f_i (1 - r_i) + f_i / factor * r_i,  r_i = clip((i - low) / (high - low), 0, 1),
// where wave `low` turns beta_fast times within the original context, and `high` beta_slow times; cos and sin are
// multiplied by its magnitude.
std::vector<float> rope_table(const Config& config, std::span<const float> factors, int64_t first, int64_t n);

}  // namespace tritium
