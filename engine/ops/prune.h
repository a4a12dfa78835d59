#pragma once

#include "ops/shadow_update.h"
#include "shaders/params/prune.h"

namespace tritium {

namespace cpu_ref {
void prune(const PruneParams& p, std::span<const std::byte> parameter, std::span<float> y);
}

// y = the parameter as floats, without the least of each row: 0 where |w| is below the n_pruned-th smallest magnitude,
// counted from 0, of the row. Of several that are equal to it none is dropped.
struct Prune {
  static constexpr std::string_view kName = "prune";
  static constexpr double kTolerance = kExact;
  static constexpr auto reference = cpu_ref::prune;
  Weight parameter;      // f32, bf16 or i8
  Weight y;              // f32, the same shape and row stride: replaced
  int64_t n_pruned = 0;  // of a row

  static void visit(auto& op, auto&& f) { f(Role::input, op.parameter), f(Role::output, op.y); }

  PruneParams params() const {
    return {.n_rows = u32(rows_of(parameter)),
            .cols = u32(parameter.cols),
            .plane = plane_of(parameter),
            .n_pruned = u32(n_pruned)};
  }

  Status check() const {
    Checker c(kName);
    check_floats_like(check_parameter(c, parameter), y, parameter);
    return c.that(n_pruned >= 0 && n_pruned < parameter.cols, "a row must keep something").status();
  }
};

}  // namespace tritium
