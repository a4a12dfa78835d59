#include <cmath>

#include "base/checked_math.h"
#include "ops/checker.h"
#include "ops/checks.h"

namespace tritium {
namespace {

Checker& f32(Checker& c, std::string_view name, const Tensor& t, const Shape& shape) {
  return c.tensor(name, t, DType::f32, shape);
}
// Present and of the given rank: what must hold before its shape can be looked at.
Checker& f32_of_rank(Checker& c, std::string_view name, const Tensor& t, int rank) {
  return c.rank(name, t, rank).tensor(name, t, DType::f32, t.shape);
}

Checker& parameter(Checker& c, const Weight& w) {
  c.weight(w, false);
  return c.that(w.dtype == DType::f32 || w.dtype == DType::bf16, "the parameter must be f32 or bf16");
}

// `alpha` cuts the scale groups of all rows into equal parts.
Checker& alpha_of(Checker& c, const Tensor& alpha, const Weight& w, int64_t group_size) {
  f32_of_rank(c, "alpha", alpha, 1);
  if (!c.ok()) return c;
  c.that(group_size >= 0 && (group_size == 0 || group_size % 16 == 0), "a scale group must be a multiple of 16");
  if (!c.ok()) return c;
  const int64_t groups = w.n_matrices * w.rows * ceil_div(w.cols, group_size > 0 ? group_size : w.cols);
  return c.that(groups % alpha.elements() == 0, "alpha must cut the scale groups into equal parts");
}

Checker& packed_like(Checker& c, const Weight& packed, const Weight& w) {
  return c.weight(packed, true)
      .that(packed.n_matrices == w.n_matrices && packed.rows == w.rows && packed.cols == w.cols,
            "the trits must have the parameter's shape");
}

Checker& flips_of(Checker& c, const Tensor& flips, const Weight& w) {
  return flips ? c.tensor("flips", flips, DType::i32, {w.n_matrices * w.rows}) : c;
}

template <typename Args>
Status check_product_backward(const Args& a, bool ternary) {
  Checker c(a.kName);
  c.weight(a.weight, ternary).rank("expert_ids", a.expert_ids, 2);
  f32_of_rank(c, "dy", a.dy, 2), f32_of_rank(c, "dx", a.dx, 2);
  if (!c.ok()) return c.status();
  f32(c, "dx", a.dx, {a.dx.shape[0], a.weight.cols});
  return c.product(a.weight, a.dx.shape[0], a.expert_ids, a.dy).status();
}

Checker& check_shadow(Checker& c, const ShadowUpdate& s, const Tensor& gradient) {
  parameter(c, s.parameter);
  if (!c.ok()) return c;
  const Weight& w = s.parameter;
  f32(c, "gradient", gradient, {w.n_matrices, w.rows, w.cols});
  flips_of(c, s.flips, w);
  if (s.alpha) alpha_of(c, s.alpha, w, s.group_size);
  if (s.sums && c.ok()) {
    const int64_t groups = s.group_size > 0 ? ceil_div(w.cols, s.group_size) : 1;
    f32(c, "sums", s.sums, {w.n_matrices * w.rows * groups});
  }
  if (!s.weight.data) return c;
  packed_like(c, s.weight, w).that(static_cast<bool>(s.alpha), "alpha is needed to repack the trits");
  return c.that(s.weight.group_size == (s.group_size > 0 ? s.group_size : s.weight.row_stride),
                "scale groups of trits and parameter differ");
}

}  // namespace

Status check(const EmbeddingBackwardArgs& a) {
  Checker c(a.kName);
  f32_of_rank(c, "dy", a.dy, 2), f32_of_rank(c, "dtable", a.dtable, 2);
  if (!c.ok()) return c.status();
  return c.tensor("tokens", a.tokens, DType::i32, {a.dy.shape[0]})
      .that(a.dy.shape[1] == a.dtable.shape[1], "dy and dtable must have the same columns")
      .status();
}

Status check(const RmsNormBackwardArgs& a) {
  Checker c(a.kName);
  c.tensor("x", a.x, DType::f32, a.x.shape).that(a.x.shape.rank() >= 1, "x must have a dimension");
  if (!c.ok()) return c.status();
  f32(c, "weight", a.weight, {a.x.shape[-1]}), f32(c, "dweight", a.dweight, {a.x.shape[-1]});
  f32(c, "dy", a.dy, a.x.shape), f32(c, "dx", a.dx, a.x.shape);
  return c.status();
}

Status check(const TernaryMatmulBackwardArgs& a) { return check_product_backward(a, true); }
Status check(const DenseMatmulBackwardArgs& a) { return check_product_backward(a, false); }

Status check(const WeightGradientArgs& a) {
  Checker c(a.kName);
  f32_of_rank(c, "dw", a.dw, 3), f32_of_rank(c, "dy", a.dy, 2);
  c.rank("x", a.x, 2).rank("q", a.q, 2).rank("scales", a.scales, 2).rank("expert_ids", a.expert_ids, 2);
  c.that(static_cast<bool>(a.x) != (a.q && a.scales), "either x, or q and scales are needed");
  if (!c.ok()) return c.status();
  const int64_t x_rows = a.x ? a.x.shape[0] : a.q.shape[0];
  const int64_t cols = a.dw.shape[2];
  if (a.x) {
    f32(c, "x", a.x, {x_rows, cols});
  } else {
    const int64_t padded = round_up(cols, 256);
    c.tensor("q", a.q, DType::i8, {x_rows, padded});
    f32(c, "scales", a.scales, {x_rows, a.scales.shape[1]});
    c.that(a.scales.shape[1] == 1 || a.scales.shape[1] == padded / 256, "one scale a token or one a block of 256");
  }
  if (!a.expert_ids) return c.that(a.dy.shape[0] == x_rows && a.dy.shape[1] == a.dw.shape[1], "dy must fit").status();
  return c.tensor("expert_ids", a.expert_ids, DType::i32, {a.expert_ids.shape[0], a.expert_ids.shape[1]})
      .that(a.dy.shape[0] == a.expert_ids.elements() && a.dy.shape[1] == a.dw.shape[1], "dy must have a row a slot")
      .that(x_rows == a.dy.shape[0] || x_rows == a.expert_ids.shape[0], "x must have a row for each token or slot")
      .status();
}

Status check(const AttentionBackwardArgs& a) {
  Checker c(a.kName);
  f32_of_rank(c, "q", a.q, 3), f32_of_rank(c, "k", a.k, 3), f32_of_rank(c, "v", a.v, 3);
  if (!c.ok()) return c.status();
  const int64_t tokens = a.q.shape[0];
  c.that(a.k.shape[0] == tokens && a.v.shape[0] == tokens && a.k.shape[1] == a.v.shape[1], "q, k and v must agree")
      .that(a.k.shape[2] == a.q.shape[2], "q and k must have the same head size")
      .that(a.q.shape[1] % a.k.shape[1] == 0, "query heads must be a multiple of kv heads")
      .that(a.n_sequences >= 1 && tokens % a.n_sequences == 0 && a.window >= 0, "sequences must be of equal length");
  f32(c, "dy", a.dy, {tokens, a.q.shape[1], a.v.shape[2]});
  f32(c, "dq", a.dq, a.q.shape), f32(c, "dk", a.dk, a.k.shape), f32(c, "dv", a.dv, a.v.shape);
  return c.status();
}

Status check(const GatedActivationBackwardArgs& a) {
  Checker c(a.kName);
  for (const Tensor* t : {&a.gate, &a.up, &a.dy, &a.dgate, &a.dup}) f32(c, "each tensor", *t, a.gate.shape);
  return c.that(a.clamp >= 0.0f, "clamp must not be negative").status();
}

Status check(const CombineExpertsBackwardArgs& a) {
  Checker c(a.kName);
  f32_of_rank(c, "weights", a.weights, 2), f32_of_rank(c, "dy", a.dy, 2);
  if (!c.ok()) return c.status();
  c.that(a.weights.shape[0] == a.dy.shape[0], "weights and dy must have the same tokens");
  f32(c, "x", a.x, {a.weights.elements(), a.dy.shape[1]}), f32(c, "dx", a.dx, a.x.shape);
  return f32(c, "dweights", a.dweights, a.weights.shape).status();
}

Status check(const RouteTokensBackwardArgs& a) {
  Checker c(a.kName);
  f32_of_rank(c, "logits", a.logits, 2), f32_of_rank(c, "dweights", a.dweights, 2);
  if (!c.ok()) return c.status();
  c.tensor("expert_ids", a.expert_ids, DType::i32, {a.logits.shape[0], a.dweights.shape[1]});
  if (a.load) f32(c, "load", a.load, {a.logits.shape[1]});
  f32(c, "dlogits", a.dlogits, a.logits.shape);
  return c.that(a.load || a.balance == 0.0f, "the load is needed to balance it").status();
}

Status check(const ExpertLoadArgs& a) {
  Checker c(a.kName);
  c.rank("expert_ids", a.expert_ids, 2).tensor("expert_ids", a.expert_ids, DType::i32, a.expert_ids.shape);
  return f32_of_rank(c, "load", a.load, 1).status();
}

Status check(const CrossEntropyArgs& a) {
  Checker c(a.kName);
  f32_of_rank(c, "logits", a.logits, 2);
  if (!c.ok()) return c.status();
  c.tensor("targets", a.targets, DType::i32, {a.logits.shape[0]});
  f32(c, "losses", a.losses, {a.logits.shape[0]});
  return (a.dlogits ? f32(c, "dlogits", a.dlogits, a.logits.shape) : c).status();
}

Status check(const FlipTritsArgs& a) {
  Checker c(a.kName);
  c.weight(a.weight, true);
  if (!c.ok()) return c.status();
  f32(c, "change", a.change, {a.weight.n_matrices, a.weight.rows, a.weight.cols});
  return flips_of(c, a.flips, a.weight).status();
}

Status check(const KlDivergenceArgs& a) {
  Checker c(a.kName);
  f32_of_rank(c, "logits", a.logits, 2);
  if (!c.ok()) return c.status();
  f32(c, "teacher", a.teacher, a.logits.shape);
  c.tensor("targets", a.targets, DType::i32, {a.logits.shape[0]});
  f32(c, "losses", a.losses, {a.logits.shape[0]});
  c.that(a.temperature > 0.0f && std::isfinite(a.temperature), "temperature must be above 0");
  return (a.dlogits ? f32(c, "dlogits", a.dlogits, a.logits.shape) : c).status();
}

Status check(const ScaledAddArgs& a) {
  return Checker(a.kName)
      .tensor("a", a.a, DType::f32, a.a.shape)
      .tensor("b", a.b, DType::f32, a.a.shape)
      .tensor("y", a.y, DType::f32, a.a.shape)
      .status();
}

Status check(const SumSquaresArgs& a) {
  Checker c(a.kName);
  f32_of_rank(c, "x", a.x, a.x.shape.rank()), f32_of_rank(c, "sums", a.sums, 1);
  if (!c.ok()) return c.status();
  return c.that(a.index >= 0 && a.index < a.sums.elements(), "the index lies beyond the sums").status();
}

Status check(const DequantizeActivationsArgs& a) {
  Checker c(a.kName);
  f32_of_rank(c, "x", a.x, 2), f32_of_rank(c, "scales", a.scales, 2);
  if (!c.ok()) return c.status();
  const int64_t padded = round_up(a.x.shape[1], 256);
  c.tensor("q", a.q, DType::i8, {a.x.shape[0], padded});
  f32(c, "scales", a.scales, {a.x.shape[0], a.scales.shape[1]});
  return c.that(a.scales.shape[1] == 1 || a.scales.shape[1] == padded / 256, "one scale a token or one a block of 256")
      .status();
}

Status check(const AbsmeanArgs& a) {
  Checker c(a.kName);
  f32_of_rank(c, "sums", a.sums, 1), f32_of_rank(c, "alpha", a.alpha, 1);
  if (!c.ok()) return c.status();
  return c.that(a.n_groups >= 1 && a.sums.elements() % a.n_groups == 0, "groups must be equal parts of the sums")
      .that(a.first >= 0 && a.first + a.n_groups <= a.alpha.elements(), "groups lie beyond alpha")
      .status();
}

Status check(const TernarizeArgs& a) {
  Checker c(a.kName);
  parameter(c, a.parameter);
  packed_like(c, a.weight, a.parameter);
  if (!c.ok()) return c.status();
  alpha_of(c, a.alpha, a.parameter, a.weight.group_size == a.weight.row_stride ? 0 : a.weight.group_size);
  return flips_of(c, a.flips, a.parameter).status();
}

Status check(const FakeQuantizeArgs& a) {
  Checker c(a.kName);
  parameter(c, a.parameter);
  c.weight(a.y, false).that(a.y.dtype == DType::f32, "y must be f32");
  c.that(a.y.n_matrices == a.parameter.n_matrices && a.y.rows == a.parameter.rows && a.y.cols == a.parameter.cols &&
             a.y.row_stride == a.parameter.row_stride,
         "y must have the parameter's shape");
  if (!c.ok() || a.quantizer != Quantizer::ternary) return c.status();
  return alpha_of(c, a.alpha, a.parameter, a.group_size).status();
}

Status check(const AdamwUpdateArgs& a) {
  Checker c(a.kName);
  check_shadow(c, a.shadow, a.gradient);
  if (!c.ok()) return c.status();
  const bool codes = static_cast<bool>(a.m_scales);
  c.tensor("m", a.m, codes ? DType::i8 : DType::f32, a.gradient.shape);
  c.tensor("v", a.v, codes ? DType::i8 : DType::f32, a.gradient.shape);
  if (!codes) return c.that(!a.v_scales, "m and v must be of one kind").status();
  const Shape scales = {a.gradient.shape[0] * a.gradient.shape[1], ceil_div(a.gradient.shape[2], 256)};
  return f32(f32(c, "m_scales", a.m_scales, scales), "v_scales", a.v_scales, scales).status();
}

Status check(const SgdUpdateArgs& a) {
  Checker c(a.kName);
  check_shadow(c, a.shadow, a.gradient);
  if (a.m && c.ok()) f32(c, "m", a.m, a.gradient.shape);
  return c.that(a.m || a.momentum == 0.0f, "momentum needs its state").status();
}

}  // namespace tritium
