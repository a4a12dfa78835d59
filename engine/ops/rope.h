#pragma once

#include "ops/op.h"
#include "shaders/params/rope.h"

namespace tritium {
enum class RopePairing : uint32_t {
  interleaved = 0,  // (0,1) (2,3) …  llama's "NORM"
  halves = 1,       // (0,n/2) (1,n/2+1) …  NEOX
};

namespace cpu_ref {
void rope(const RopeParams& p, std::span<const float> x, std::span<const int32_t> rows, std::span<const float> cos_sin,
          std::span<float> y);
}

// Rotates the first n = 2 * cos_sin.shape[1] values of each head; the rest is copied. Su et al. 2021.
//   (a, b) -> (a cos - b sin, a sin + b cos)
struct Rope {
  static constexpr std::string_view kName = "rope";
  static constexpr double kTolerance = kOneRounding;
  static constexpr auto reference = cpu_ref::rope;
  Tensor x;        // f32 [T, n_heads, head_dim]
  Tensor rows;     // i32 [T, 2] (op.h): each token's position, …
  Tensor cos_sin;  // f32 [context, n/2, 2] of each position, computed on the host in double precision
  Tensor y;        // f32 [T, n_heads, head_dim]
  RopePairing pairing = RopePairing::halves;
  bool inverse = false;  // turn back: the gradient

  static void visit(auto& op, auto&& f) {
    f(Role::input, op.x), f(Role::input, op.rows), f(Role::input, op.cos_sin), f(Role::output, op.y);
  }

  RopeParams params() const {
    return {.n_tokens = u32(x.shape[0]),
            .n_heads = u32(x.shape[1]),
            .head_dim = u32(x.shape[2]),
            .n_rotated = u32(2 * cos_sin.shape[1]),
            .pairing = static_cast<uint32_t>(pairing),
            .inverse = inverse ? 1u : 0u};
  }

  Status check() const {
    Checker c(kName);
    c.rank("x", x, 3).rank("cos_sin", cos_sin, 3).f32("x", x, x.shape);
    if (!c.ok() || !cos_sin) return c.that(static_cast<bool>(cos_sin), "cos_sin is needed").status();
    return c.tensor("rows", rows, DType::i32, {x.shape[0], 2})
        .f32("cos_sin", cos_sin, {cos_sin.shape[0], cos_sin.shape[1], 2})
        .that(2 * cos_sin.shape[1] <= x.shape[2], "no more values can be rotated than a head has")
        .f32("y", y, x.shape)
        .status();
  }
};

}  // namespace tritium
