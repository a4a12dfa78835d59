// What every optimiser does with a parameter after its step, in the same pass.
#pragma once

#include "ops/step_values.h"
#include "shaders/params/shadow.h"

namespace tritium {

enum class Rounding : uint32_t { nearest = 0, stochastic = 1 };

// A row has one scale group when the size is not given.
inline int64_t scale_group_size(int64_t group_size, int64_t cols) { return group_size > 0 ? group_size : cols; }

// A weight that trains. Rows of codes start on whole words.
inline Checker& check_parameter(Checker& c, const Weight& w) {
  const bool codes = w.dtype == DType::i8;
  return c.weight(w, WeightKind::dense)
      .that(codes || w.dtype == DType::f32 || w.dtype == DType::bf16, "the parameter must be f32, bf16 or i8")
      .that(!codes || w.code_step > 0, "a parameter of i8 must have a step")
      .that(!codes || w.row_stride % 4 == 0, "rows of i8 must be multiples of 4");
}

inline ParameterPlane plane_of(const Weight& w) {
  return {.row_stride = u32(w.row_stride), .dtype = static_cast<uint32_t>(w.dtype), .code_step = w.code_step};
}

// Of sums of |w|, by how w was rounded.
inline Role role_of_sums(const Weight& parameter) {
  return parameter.dtype == DType::bf16 ? Role::sum_of_bf16
         : parameter.dtype == DType::i8 ? Role::sum_of_codes
                                        : Role::output;
}

// `alpha` cuts the scale groups of all rows into equal parts.
inline Checker& check_alpha(Checker& c, const Tensor& alpha, const Weight& w, int64_t group_size) {
  c.f32_of_rank("alpha", alpha, 1);
  c.that(group_size >= 0 && group_size % 16 == 0, "a scale group must be a multiple of 16");
  if (!c.ok()) return c;
  const int64_t groups = rows_of(w) * ceil_div(w.cols, scale_group_size(group_size, w.cols));
  return c.that(groups % alpha.elements() == 0, "alpha must cut the scale groups into equal parts");
}

inline Checker& check_packed_like(Checker& c, const Weight& packed, const Weight& w) {
  return c.weight(packed, WeightKind::ternary)
      .that(packed.n_matrices == w.n_matrices && packed.rows == w.rows && packed.cols == w.cols,
            "the trits must have the parameter's shape");
}

// `floats` holds something for each weight of w.
inline Checker& check_floats_like(Checker& c, const Weight& floats, const Weight& w) {
  c.weight(floats, WeightKind::dense).that(floats.dtype == DType::f32, "what is made of the parameter must be f32");
  return c.that(floats.n_matrices == w.n_matrices && floats.rows == w.rows && floats.cols == w.cols &&
                    floats.row_stride == w.row_stride,
                "what is made of the parameter must have its shape");
}

inline Checker& check_flips(Checker& c, const Tensor& flips, const Weight& w) {
  return flips ? c.tensor("flips", flips, DType::i32, {rows_of(w)}) : c;
}

//   boundary noise: where | |w| / alpha - 0.5 | < noise_zone, w += noise_scale alpha n, n standard normal
//   w rounded to the parameter's type; sums of |w|; repacked trits (as ternarize, with alpha as it was); flips counted.
struct ShadowUpdate {
  Weight parameter;        // f32, bf16 or i8
  Tensor sums;             // f32 [n_matrices * rows * groups]: sum of |w| over each scale group, or none
  Tensor alpha;            // f32 [n_alpha]: for the noise and the trits, or none
  Weight weight;           // trit2 to repack, or none
  Tensor flips;            // i32 [n_matrices * rows], +=, or none
  int64_t group_size = 0;  // columns a sum covers; 0: a row
  Rounding rounding = Rounding::nearest;
  // Random numbers depend on these and the element's index alone (shaders/lib/random.h).
  uint32_t seed = 0;
  uint32_t step = 0;
  uint32_t stream = 0;
  float noise_scale = 0.0f;
  float noise_zone = 0.1f;
  float clip = 0.0f;  // clipped straight-through: the gradient of weights with |w| > clip alpha is 0; 0: of none
  // f32 [n_matrices]: how often each was used; one that was not keeps its weights and its states, without noise or
  // decay. None: all were used.
  Tensor uses;

  static void visit(auto& s, auto&& f) {
    f(Role::in_out, s.parameter), f(role_of_sums(s.parameter), s.sums), f(Role::input, s.alpha);
    f(Role::in_out, s.weight, with_scales), f(Role::in_out, s.flips);
  }

  static void visit_uses(auto& s, auto&& f) { f(Role::input, s.uses); }  // behind the operation's own tensors

  ShadowParams params() const {
    const int64_t group = scale_group_size(group_size, parameter.cols);
    return {.n_rows = u32(rows_of(parameter)),
            .cols = u32(parameter.cols),
            .plane = plane_of(parameter),
            .stochastic = static_cast<uint32_t>(rounding),
            .seed = seed,
            .step = step,
            .stream = stream,
            .noise_scale = alpha ? noise_scale : 0.0f,
            .noise_zone = noise_zone,
            .clip = alpha ? clip : 0.0f,
            .n_alpha = alpha ? u32(alpha.elements()) : 0,
            .n_groups = u32(ceil_div(parameter.cols, group)),
            .group_size = u32(group),
            .with_sums = sums ? 1u : 0u,
            .with_weight = weight.data ? 1u : 0u,
            .padded_cols = u32(weight.row_stride),
            .n_scales = u32(weight.groups_per_row()),
            .count_flips = flips ? 1u : 0u,
            .rows_per_matrix = uses ? u32(parameter.rows) : 0};
  }

  Checker& check(Checker& c, const Tensor& gradient) const {
    if (!check_parameter(c, parameter).ok()) return c;
    const Weight& w = parameter;
    c.f32("gradient", gradient, {w.n_matrices, w.rows, w.cols});
    check_flips(c, flips, w);
    if (uses) c.f32("uses", uses, {w.n_matrices});
    if (alpha) check_alpha(c, alpha, w, group_size);
    if (sums && c.ok()) c.f32("sums", sums, {rows_of(w) * ceil_div(w.cols, scale_group_size(group_size, w.cols))});
    if (!weight.data) return c;
    check_packed_like(c, weight, w).that(static_cast<bool>(alpha), "alpha is needed to repack the trits");
    return c.that(weight.group_size == (group_size > 0 ? group_size : weight.row_stride),
                  "scale groups of trits and parameter differ");
  }
};

}  // namespace tritium
