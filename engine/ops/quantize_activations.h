#pragma once

#include "ops/op.h"
#include "shaders/params/quantize_activations.h"

namespace tritium {

namespace cpu_ref {
void quantize_activations(const QuantizeActivationsParams& p, std::span<const float> x, std::span<int8_t> q,
                          std::span<float> scales);
}

// q = clip(round_half_even(x * (127 / m)), -127, 127), scale = m / 127 (as m * (1/127)), m = max |x| over the block.
// A block of zeros has scale 0 and q 0; one with a NaN has scale NaN and q 0, so that what is computed with it is NaN,
// too. Columns from cols to padded_cols become 0.
struct QuantizeActivations {
  static constexpr std::string_view kName = "quantize_activations";
  static constexpr double kTolerance = kExact;
  static constexpr auto reference = cpu_ref::quantize_activations;
  Tensor x;       // f32 [R, cols]
  Tensor q;       // i8  [R, padded_cols], padded_cols = cols rounded up to TernaryMatrix::kRowAlign
  Tensor scales;  // f32 [R, n_blocks], n_blocks = 1 (per token) or padded_cols / 256 (per block of 256)

  static void visit(auto& op, auto&& f) { f(Role::input, op.x), f(Role::output, op.q), f(Role::output, op.scales); }

  QuantizeActivationsParams params() const {
    const int64_t padded = q.shape[1];
    return {.n_rows = u32(x.shape[0]),
            .cols = u32(x.shape[1]),
            .padded_cols = u32(padded),
            .block = u32(scales.shape[1] == 1 ? padded : padded / scales.shape[1])};
  }

  Status check() const {
    Checker c(kName);
    c.f32("x", x, x.shape).rank("x", x, 2).rank("scales", scales, 2);
    if (!c.ok() || !scales) return c.f32("scales", scales, scales.shape).status();
    const int64_t padded = round_up(x.shape[1], TernaryMatrix::kRowAlign);
    return c.tensor("q", q, DType::i8, {x.shape[0], padded})
        .f32("scales", scales, {x.shape[0], scales.shape[1]})
        .that(scales.shape[1] == 1 || scales.shape[1] == padded / 256, "one scale a token or one a block of 256")
        .status();
  }
};

}  // namespace tritium
