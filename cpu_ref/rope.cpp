// (a, b) -> (a cos - b sin, a sin + b cos): rotary position embedding (Su et al. 2021), pair i of a head by the angle
// whose cosine and sine are given.
#include "ops/rope.h"

namespace tritium::cpu_ref {

void rope(const RopeParams& p, std::span<const float> x, std::span<const int32_t> rows, std::span<const float> cos_sin,
          std::span<float> y) {
  const size_t n_pairs = p.n_rotated / 2;
  const bool halves = p.pairing == static_cast<uint32_t>(RopePairing::halves);
  for (size_t t = 0; t < p.n_tokens; ++t)
    for (size_t h = 0; h < p.n_heads; ++h) {
      const size_t head = (t * p.n_heads + h) * p.head_dim;
      for (size_t i = 0; i < n_pairs; ++i) {
        const size_t angle = static_cast<size_t>(rows[2 * t]) * n_pairs + i;
        const float cosine = cos_sin[angle * 2];
        const float sine = p.inverse ? -cos_sin[angle * 2 + 1] : cos_sin[angle * 2 + 1];
        const size_t a = head + (halves ? i : 2 * i);
        const size_t b = halves ? a + n_pairs : a + 1;
        y[a] = x[a] * cosine - x[b] * sine;
        y[b] = x[a] * sine + x[b] * cosine;
      }
      for (size_t d = p.n_rotated; d < p.head_dim; ++d) y[head + d] = x[head + d];
    }
}

}  // namespace tritium::cpu_ref
