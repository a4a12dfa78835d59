// trit += change / alpha in expectation: trits that move at random.
#include "ops/flip_trits.h"
#include "cpu_ref/weight_value.h"
#include "shaders/lib/random.h"
#include "shaders/lib/ternary.h"

namespace tritium::cpu_ref {

void flip_trits(const FlipTritsParams& p, std::span<float> change, std::span<uint32_t> words,
                std::span<const float> scales, std::span<int32_t> flips) {
  for (size_t row = 0; row < p.n_rows; ++row)
    for (size_t c = 0; c < p.cols; ++c) {
      const size_t index = row * p.cols + c, at = row * p.padded_cols + c;
      const auto random = shader::random_words(p.seed, p.step, p.stream, static_cast<uint32_t>(index)).x;
      const int trit = trit_at(words, at);
      const int next =
          shader::flipped_trit(trit, change[index], scales[row * p.n_scales + c / p.group_size], random >> 8);
      set_trit(words, at, next);
      if (p.count_flips && next != trit) ++flips[row];
      change[index] = 0.0f;
    }
}

}  // namespace tritium::cpu_ref
