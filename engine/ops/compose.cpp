#include "ops/compose.h"

#include "ops/ops.h"

namespace tritium {
namespace {

struct Codes {
  Tensor q, scales;
};

// A scale a row.
Codes codes_for(Ops& ops, const Tensor& x) {
  return {.q = ops.temporary({x.shape[0], round_up(x.shape[1], TernaryMatrix::kRowAlign)}, DType::i8),
          .scales = ops.temporary({x.shape[0], 1})};
}

Codes quantised(Ops& ops, const Tensor& x) {
  Codes codes = codes_for(ops, x);
  ops(QuantizeActivations{.x = x, .q = codes.q, .scales = codes.scales});
  return codes;
}

void multiply(Ops& ops, const Codes& x, const Weight& weight, const Tensor& expert_ids, const Tensor& y) {
  ops(TernaryMatmul{.q = x.q, .scales = x.scales, .weight = weight, .expert_ids = expert_ids, .y = y});
}

// x + branch, in `sum`; without a branch x.
Tensor added(Ops& ops, const Tensor& x, const Tensor& branch, const Tensor& sum) {
  if (!branch) return x;
  ops(Add{.a = x, .b = branch, .y = sum});
  return sum;
}

Tensor normed(Ops& ops, const Tensor& x, const Tensor& weight, float eps) {
  if (!weight) return x;
  Tensor y = ops.temporary(x.shape);
  ops(RmsNorm{.x = x, .weight = weight, .y = y, .eps = eps});
  return y;
}

}  // namespace

Status compose(Backend& backend, const NormQkv& op) {
  Ops ops(backend);
  const Codes codes = quantised(ops, normed(ops, added(ops, op.x, op.branch, op.sum), op.norm, op.eps));
  multiply(ops, codes, op.weight_0, {}, op.y_0);
  if (op.weight_1.data) multiply(ops, codes, op.weight_1, {}, op.y_1);
  if (op.weight_2.data) multiply(ops, codes, op.weight_2, {}, op.y_2);
  return ops.finish();
}

Status compose(Backend& backend, const NormRouter& op) {
  Ops ops(backend);
  const Tensor h = normed(ops, added(ops, op.x, op.branch, op.sum), op.norm, op.eps);
  ops(QuantizeActivations{.x = h, .q = op.q, .scales = op.scales});
  ops(DenseMatmul{.x = h, .weight = op.router, .expert_ids = {}, .y = op.logits});
  return ops.finish();
}

Status compose(Backend& backend, const NormRows& op) {
  Ops ops(backend);
  const Tensor sum = added(ops, op.x, op.branch, op.sum);
  const Tensor y = op.y ? op.y : ops.temporary(op.x.shape);
  ops(RmsNorm{.x = sum, .weight = op.norm, .y = y, .eps = op.eps});
  if (op.q) ops(QuantizeActivations{.x = y, .q = op.q, .scales = op.scales});
  return ops.finish();
}

Status compose(Backend& backend, const ExpertGateUp& op) {
  Ops ops(backend);
  ops(RouteTokens{.logits = op.logits,
                  .bias = op.bias,
                  .expert_ids = op.expert_ids,
                  .weights = op.weights,
                  .renormalize = op.renormalize,
                  .scale = op.scale});
  const Codes x = {.q = op.q, .scales = op.scales};
  multiply(ops, x, op.gate_weight, op.expert_ids, op.gate);
  multiply(ops, x, op.up_weight, op.expert_ids, op.up);
  return ops.finish();
}

Status compose(Backend& backend, const MergeOutput& op) {
  Ops ops(backend);
  const int64_t heads = op.parts.shape[0], value_dim = op.parts.shape[2] - 2;
  const Tensor merged = ops.temporary({1, heads, value_dim});
  ops(MergeSplits{.parts = op.parts, .y = merged});
  multiply(ops, quantised(ops, normed(ops, merged.view({1, heads * value_dim}), op.norm, op.eps)), op.weight, {}, op.y);
  return ops.finish();
}

Status compose(Backend& backend, const ExpertDown& op) {
  Ops ops(backend);
  const Tensor hidden = ops.temporary(op.gate.shape);
  ops(GatedActivation{.gate = op.gate, .up = op.up, .y = hidden, .activation = op.activation, .clamp = op.clamp});
  const Codes codes = quantised(ops, normed(ops, hidden, op.norm, op.eps));
  if (!op.expert_ids) {
    multiply(ops, codes, op.weight, {}, op.y);
    return ops.finish();
  }
  const Tensor of_slots = ops.temporary({op.gate.shape[0], op.weight.rows});
  multiply(ops, codes, op.weight, op.expert_ids, of_slots);
  ops(CombineExperts{.x = of_slots, .weights = op.weights, .y = op.y});
  return ops.finish();
}

}  // namespace tritium
