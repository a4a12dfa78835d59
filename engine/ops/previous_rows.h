#pragma once

#include "ops/op.h"
#include "shaders/params/previous_rows.h"

namespace tritium {

namespace cpu_ref {
void previous_rows(const PreviousRowsParams& p, std::span<const float> x, std::span<const int32_t> rows,
                   std::span<float> cache, std::span<float> y);
}

// y[t] = the row of x of the token before t in its sequence: zeros for position 0, row t - 1 where that is the token
// before, else what the cache holds of it (zeros without a cache). Row t of x is put into the cache.
struct PreviousRows {
  static constexpr std::string_view kName = "previous_rows";
  static constexpr double kTolerance = kExact;
  static constexpr auto reference = cpu_ref::previous_rows;
  Tensor x;        // f32 [T, dim]
  Tensor rows;     // i32 [T, 2] (op.h)
  Tensor cache{};  // f32 [capacity, dim], or none
  Tensor y;        // f32 [T, dim]

  static void visit(auto& op, auto&& f) {
    f(Role::input, op.x), f(Role::input, op.rows), f(Role::in_out, op.cache), f(Role::output, op.y);
  }

  PreviousRowsParams params() const {
    return {.n_tokens = u32(x.shape[0]), .dim = u32(x.shape[1]), .cached = cache ? 1u : 0u};
  }

  Status check() const {
    Checker c(kName);
    c.f32_of_rank("x", x, 2);
    if (!c.ok()) return c.status();
    c.tensor("rows", rows, DType::i32, {x.shape[0], 2}).f32("y", y, x.shape);
    if (cache) c.f32_of_rank("cache", cache, 2).f32("cache", cache, {cache.shape[0], x.shape[1]});
    return c.status();
  }
};

}  // namespace tritium
