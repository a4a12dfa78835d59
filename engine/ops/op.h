// What every operation is made of. An operation is a value: a struct with its tensors and numbers, said once, in
// ops/<op>.h:
//   kName        the name of its files in shaders/, cpu_ref/, cpu/, vulkan/ops/ and tests/ops/
//   kTolerance   how far a device may be from the reference (tolerance.h)
//   reference    its definition as plain loops (cpu_ref/<op>.cpp)
//   visit        calls f(role, tensor) on its tensors in the order of the reference's arguments and of the shader's
//                bindings, also on those that are not there; f(role, weight) on a dense Weight, and
//                f(role, weight, with_scales) on one that has packed trits; f(role, tensor, of_the_step) on the numbers
//                of a training step
//   params       the numbers that kernels get (shaders/params/<op>.h)
//   check        the preconditions. A failure is a bug of the caller, reported as `internal` with the shapes.
//
// `rows` of an operation, i32 [T, 2], says which rows a run works on: of each token its position in its sequence, and
// the cache row of that sequence's position 0. So one recorded operation serves a prompt, one decoded token, or one of
// each of several sequences.
//
// In shapes, T is tokens, R rows (tokens, or token x expert slots), X rows of the input of a product. dx is the
// gradient of the loss with respect to x. Gradients of parameters are added to (+=) and cleared by the optimiser's
// pass; those of activations are written, or added to where `accumulate` says so.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>

#include "base/checked_math.h"
#include "ops/checker.h"
#include "ops/tensor.h"
#include "ops/tolerance.h"
#include "tensor/ternary_matrix.h"

namespace tritium {

struct WithScales {
  bool written = true;  // where the weight is
};
inline constexpr WithScales with_scales, with_fixed_scales{.written = false};

// Of the tensor of StepValues that an operation of a training step may have, in visit: it changes the params before a
// kernel on the host sees them, and is no argument of the reference (lib/step.h).
struct OfTheStep {};
inline constexpr OfTheStep of_the_step;

inline constexpr Role role_of_sum(bool accumulate) { return accumulate ? Role::in_out : Role::output; }

// Calls f(role, tensor) on each tensor that is there; a Weight counts as its data and its scales.
template <typename Op, typename F>
void each_tensor(Op& op, F&& f) {
  const auto given = [&](Role role, auto& tensor) {
    if (tensor) f(role, tensor);
  };
  std::remove_const_t<Op>::visit(op, [&](Role role, auto& x, auto...) {
    if constexpr (std::is_same_v<std::remove_cvref_t<decltype(x)>, Weight>) {
      given(role, x.data), given(role, x.scales);
    } else {
      given(role, x);
    }
  });
}

// Sizes fit 32 bits: check() has refused others.
inline uint32_t u32(int64_t value) { return static_cast<uint32_t>(value); }

// Rows of a tensor when its last dimension is the row; of a weight, over all its matrices.
inline int64_t rows_of(const Tensor& tensor) { return tensor.elements() / tensor.shape[-1]; }
inline int64_t rows_of(const Weight& weight) { return weight.n_matrices * weight.rows; }

}  // namespace tritium
