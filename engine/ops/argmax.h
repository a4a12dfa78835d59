#pragma once

#include "ops/op.h"
#include "shaders/params/argmax.h"

namespace tritium {

namespace cpu_ref {
void argmax(const ArgmaxParams& p, std::span<const float> logits, std::span<int32_t> ids);
}

// ids[r] = index of the largest value of row r, the lowest among equals (+0 equals -0); -1 where a value of the row is
// not finite.
struct Argmax {
  static constexpr std::string_view kName = "argmax";
  static constexpr double kTolerance = kExact;
  static constexpr auto reference = cpu_ref::argmax;
  Tensor logits;  // f32 [R, n]
  Tensor ids;     // i32 [R]

  static void visit(auto& op, auto&& f) { f(Role::input, op.logits), f(Role::output, op.ids); }

  ArgmaxParams params() const { return {.n_rows = u32(logits.shape[0]), .cols = u32(logits.shape[1]), .n_parts = 1}; }

  Status check() const {
    Checker c(kName);
    c.f32_of_rank("logits", logits, 2);
    return (c.ok() ? c.tensor("ids", ids, DType::i32, {logits.shape[0]}) : c).status();
  }
};

}  // namespace tritium
