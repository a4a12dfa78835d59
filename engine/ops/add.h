#pragma once

#include "ops/op.h"
#include "shaders/params/add.h"

namespace tritium {

namespace cpu_ref {
void add(const AddParams& p, std::span<const float> a, std::span<const float> b, std::span<float> y);
}

// y = a + b
struct Add {
  static constexpr std::string_view kName = "add";
  static constexpr double kTolerance = kExact;
  static constexpr auto reference = cpu_ref::add;
  Tensor a;  // f32, any shape
  Tensor b;
  Tensor y;

  static void visit(auto& op, auto&& f) { f(Role::input, op.a), f(Role::input, op.b), f(Role::output, op.y); }

  AddParams params() const { return {.n_values = u32(y.elements())}; }

  Status check() const {
    return Checker(kName).f32("a", a, a.shape).f32("b", b, a.shape).f32("y", y, a.shape).status();
  }
};

}  // namespace tritium
