#pragma once

#include "ops/op.h"
#include "shaders/params/dequantize_activations.h"

namespace tritium {

namespace cpu_ref {
void dequantize_activations(const DequantizeActivationsParams& p, std::span<const int8_t> q,
                            std::span<const float> scales, std::span<float> x);
}

// x = scale * q: what the products of int8 activations multiply with, for weights that are not ternary.
struct DequantizeActivations {
  static constexpr std::string_view kName = "dequantize_activations";
  static constexpr double kTolerance = kExact;
  static constexpr auto reference = cpu_ref::dequantize_activations;
  Tensor q;       // i8 [R, padded_cols]
  Tensor scales;  // f32 [R, n_blocks]
  Tensor x;       // f32 [R, cols]

  static void visit(auto& op, auto&& f) { f(Role::input, op.q), f(Role::input, op.scales), f(Role::output, op.x); }

  DequantizeActivationsParams params() const {
    return {.n_rows = u32(x.shape[0]),
            .cols = u32(x.shape[1]),
            .padded_cols = u32(q.shape[1]),
            .block = u32(q.shape[1] / scales.shape[1]),
            .n_blocks = u32(scales.shape[1])};
  }

  Status check() const {
    Checker c(kName);
    c.f32_of_rank("x", x, 2), c.f32_of_rank("scales", scales, 2);
    if (!c.ok()) return c.status();
    const int64_t padded = round_up(x.shape[1], 256);
    c.tensor("q", q, DType::i8, {x.shape[0], padded});
    c.f32("scales", scales, {x.shape[0], scales.shape[1]});
    return c.that(scales.shape[1] == 1 || scales.shape[1] == padded / 256, "one scale a token or one a block of 256")
        .status();
  }
};

}  // namespace tritium
