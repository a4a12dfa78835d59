#pragma once

#include "ops/shadow_update.h"
#include "shaders/params/flip_trits.h"

namespace tritium {

namespace cpu_ref {
void flip_trits(const FlipTritsParams& p, std::span<float> change, std::span<uint32_t> words,
                std::span<const float> scales, std::span<int32_t> flips);
}

// Training without a shadow: each trit moves so that alpha times it changes by `change` in expectation
// (flipped_trit of shaders/lib/ternary.h), alpha its scale in `weight`; flips[r] += trits of row r that changed, and
// `change` is cleared.
struct FlipTrits {
  static constexpr std::string_view kName = "flip_trits";
  static constexpr double kTolerance = kExact;
  static constexpr auto reference = cpu_ref::flip_trits;
  Tensor change;  // f32 [n_matrices, rows, cols], cleared
  Weight weight;  // trit2: trits are replaced, scales stay
  Tensor flips;   // i32 [n_matrices * rows], +=, or none
  // Random numbers depend on these and the element's index alone (shaders/lib/random.h).
  uint32_t seed = 0;
  uint32_t step = 0;
  uint32_t stream = 0;
  Tensor now;  // StepValues (check_step), or none

  static void visit(auto& op, auto&& f) {
    f(Role::in_out, op.change), f(Role::in_out, op.weight, with_fixed_scales), f(Role::in_out, op.flips);
    f(Role::input, op.now, of_the_step);
  }

  FlipTritsParams params() const {
    const Weight& w = weight;
    return {.n_rows = u32(rows_of(w)),
            .cols = u32(w.cols),
            .padded_cols = u32(w.row_stride),
            .group_size = u32(w.group_size),
            .n_scales = u32(w.groups_per_row()),
            .seed = seed,
            .step = step,
            .stream = stream,
            .count_flips = flips ? 1u : 0u};
  }

  Status check() const {
    Checker c(kName);
    c.weight(weight, WeightKind::ternary);
    if (!c.ok()) return c.status();
    c.f32("change", change, {weight.n_matrices, weight.rows, weight.cols});
    return check_step(check_flips(c, flips, weight), now).status();
  }
};

}  // namespace tritium
