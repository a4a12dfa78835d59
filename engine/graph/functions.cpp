#include "graph/functions.h"

#include "base/checked_math.h"
#include "graph/stream.h"

namespace tritium {
Value embedding(Tape& tape, const Parameter& table, const Tensor& tokens) {
  Value y = tape.make({tokens.elements(), table.weight().cols});
  tape.ops()(Embedding{.table = table.weight(), .tokens = tokens, .y = y.tensor});
  if (table.trains())
    tape.on_backward([&tape, &table, tokens, y] {
      if (y.gradient->tensor)
        tape.ops()(EmbeddingBackward{.tokens = tokens,
                                     .dy = y.gradient->tensor.view(y.tensor.shape),
                                     .dtable = table.gradient.view({table.weight().rows, table.weight().cols})});
    });
  return y;
}

Value rms_norm(Tape& tape, const Value& x, const Parameter& weight, float eps, const Tensor& into) {
  Value y = tape.make(x.tensor.shape, into);
  tape.ops()(RmsNorm{.x = x.tensor, .weight = vector_of(weight), .y = y.tensor, .eps = eps});
  tape.on_backward([&tape, x, &weight, y, eps] {
    tape.add_gradient(x, [&](const Tensor& dx, bool accumulate) {
      tape.ops()(RmsNormBackward{
          .x = x.tensor,
          .weight = vector_of(weight),
          .dy = y.gradient->tensor.view(y.tensor.shape),
          .dx = dx,
          // A frozen norm's gradient goes nowhere.
          .dweight = weight.trains() ? weight.gradient.view({weight.weight().cols}) : tape.take({weight.weight().cols}),
          .eps = eps,
          .accumulate = accumulate});
    });
  });
  return y;
}

Value add(Tape& tape, const Value& a, const Value& b) {
  Value y = tape.make(a.tensor.shape);
  tape.ops()(Add{.a = a.tensor, .b = b.tensor, .y = y.tensor});
  tape.on_backward([&tape, a, b, y] {
    // In a residual stream both branches read dy before anything adds to it: the gradients share its memory.
    for (const Value* input : {&b, &a}) tape.share_gradient(*input, y);
  });
  return y;
}

Value add_scaled(Tape& tape, const Value& a, const Value& b, float scale, const Tensor& into) {
  Value y = tape.make(a.tensor.shape, into);
  tape.ops()(ScaledAdd{.a = a.tensor, .b = b.tensor, .y = y.tensor, .a_scale = 1.0f, .b_scale = scale});
  tape.on_backward([&tape, a, b, y, scale] {
    const Tensor dy = y.gradient->tensor.view(y.tensor.shape);
    tape.add_gradient(b, [&](const Tensor& db) {
      tape.ops()(ScaledAdd{.a = dy, .b = dy, .y = db, .a_scale = scale, .b_scale = 0.0f});
    });
    tape.add_gradient(a, [&](const Tensor& da) {
      tape.ops()(ScaledAdd{.a = dy, .b = dy, .y = da, .a_scale = 1.0f, .b_scale = 0.0f});
    });
  });
  return y;
}

Value rope(Tape& tape, const Value& x, const Rotation& rotation) {
  Value y = tape.make(x.tensor.shape);
  tape.ops()(Rope{
      .x = x.tensor, .rows = rotation.rows, .cos_sin = rotation.cos_sin, .y = y.tensor, .pairing = rotation.pairing});
  tape.on_backward([&tape, x, y, rotation] {
    tape.add_gradient(x, [&](const Tensor& dx) {
      tape.ops()(Rope{.x = y.gradient->tensor.view(y.tensor.shape),
                      .rows = rotation.rows,
                      .cos_sin = rotation.cos_sin,
                      .y = dx,
                      .pairing = rotation.pairing,
                      .inverse = true});
    });
  });
  return y;
}

Value attention(Tape& tape, const Value& q, const Value& k, const Value& v, const AttentionShape& shape) {
  const Shape& heads = q.tensor.shape;
  Value y = tape.make({heads[0], heads[1], v.tensor.shape[2]});
  tape.ops()(Attention{.q = q.tensor,
                       .rows = shape.rows,
                       .k_cache = k.tensor,
                       .v_cache = v.tensor,
                       .y = y.tensor,
                       .window = shape.window,
                       .scale = shape.scale,
                       .single_precision = tape.single_precision()});
  tape.on_backward([&tape, q, k, v, y, shape] {
    tape.add_gradient(q, [&](const Tensor& dq) {
      tape.add_gradient(k, [&](const Tensor& dk) {
        tape.add_gradient(v, [&](const Tensor& dv) {
          tape.ops()(AttentionBackward{.q = q.tensor,
                                       .k = k.tensor,
                                       .v = v.tensor,
                                       .dy = y.gradient->tensor.view(y.tensor.shape),
                                       .dq = dq,
                                       .dk = dk,
                                       .dv = dv,
                                       .n_sequences = shape.n_sequences,
                                       .window = shape.window,
                                       .scale = shape.scale});
        });
      });
    });
  });
  return y;
}

Value gated_activation(Tape& tape, const Value& gate, const Value& up, GateActivation activation, float clamp) {
  Value y = tape.make(gate.tensor.shape);
  tape.ops()(
      GatedActivation{.gate = gate.tensor, .up = up.tensor, .y = y.tensor, .activation = activation, .clamp = clamp});
  tape.on_backward([&tape, gate, up, y, activation, clamp] {
    tape.add_gradient(gate, [&](const Tensor& dgate) {
      tape.add_gradient(up, [&](const Tensor& dup) {
        tape.ops()(GatedActivationBackward{.gate = gate.tensor,
                                           .up = up.tensor,
                                           .dy = y.gradient->tensor.view(y.tensor.shape),
                                           .dgate = dgate,
                                           .dup = dup,
                                           .activation = activation,
                                           .clamp = clamp});
      });
    });
  });
  return y;
}

Value activation(Tape& tape, const Value& x, GateActivation activation) {
  Value y = tape.make(x.tensor.shape);
  tape.ops()(GatedActivation{.gate = x.tensor, .y = y.tensor, .activation = activation});
  tape.on_backward([&tape, x, y, activation] {
    tape.add_gradient(x, [&](const Tensor& dx) {
      tape.ops()(GatedActivationBackward{
          .gate = x.tensor, .dy = y.gradient->tensor.view(y.tensor.shape), .dgate = dx, .activation = activation});
    });
  });
  return y;
}

Value attention_over_cache(Tape& tape, const Value& q, const Value& k, const Value& v, const KvCache& cache,
                           const AttentionShape& shape) {
  const Shape& heads = q.tensor.shape;
  tape.ops()(StoreKv{.k = k.tensor,
                     .v = v.tensor,
                     .rows = shape.rows,
                     .k_cache = cache.k,
                     .v_cache = cache.v,
                     .k_scales = cache.k_scales,
                     .v_scales = cache.v_scales});
  Value y = tape.make({heads[0], heads[1], v.tensor.shape[2]});
  tape.ops()(Attention{.q = q.tensor,
                       .rows = shape.rows,
                       .k_cache = cache.k,
                       .v_cache = cache.v,
                       .k_scales = cache.k_scales,
                       .v_scales = cache.v_scales,
                       .y = y.tensor,
                       .window = shape.window,
                       .scale = shape.scale,
                       .single_precision = tape.single_precision()});
  return y;
}

void LinearInput::quantize(Tape& tape) {
  if (q_) return;
  const int64_t rows = x_.tensor.shape[0], padded = round_up(x_.tensor.shape[1], TernaryMatrix::kRowAlign);
  q_ = tape.take({rows, padded}, DType::i8);
  scales_ = tape.take({rows, mode_ == ActivationMode::int8_per_block ? padded / 256 : 1});
  tape.ops()(QuantizeActivations{.x = x_.tensor, .q = q_, .scales = scales_});
}

Value LinearInput::times(Tape& tape, const Parameter& weight, const Tensor& expert_ids, const Tensor& into) {
  const Parameter::LowRank low_rank = weight.low_rank();
  Value y = product(tape, weight, expert_ids, low_rank.a ? Tensor() : into);
  if (!low_rank.a || !tape.ops().ok()) return y;
  const Value low = LinearInput(x_, ActivationMode::f32).product(tape, *low_rank.a, expert_ids, {});
  if (!tape.ops().ok()) return y;
  const Value change = LinearInput(low, ActivationMode::f32).product(tape, *low_rank.b, expert_ids, {});
  return tape.ops().ok() ? add_scaled(tape, y, change, low_rank.scale, into) : y;
}

Value LinearInput::product(Tape& tape, const Parameter& layer, const Tensor& expert_ids, const Tensor& into) {
  const int64_t rows = expert_ids ? expert_ids.elements() : x_.tensor.shape[0];
  Value y = tape.make({rows, layer.weight().rows}, into);
  const bool codes = mode_ != ActivationMode::f32 && layer.takes_codes();
  const WeightKind kind = kind_of(layer.weight());
  const bool dense = kind == WeightKind::dense;
  if (codes) quantize(tape);
  if (codes && dense && !rounded_) {
    rounded_ = tape.take(x_.tensor.shape);
    tape.ops()(DequantizeActivations{.q = q_, .scales = scales_, .x = rounded_});
  }
  const Tensor x = codes && dense ? rounded_ : x_.tensor;
  const auto run = [&](auto op) {
    op.weight = layer.weight(), op.expert_ids = expert_ids, op.y = y.tensor;
    tape.ops()(op);
  };
  if (codes && kind == WeightKind::ternary) {
    run(TernaryMatmul{.q = q_, .scales = scales_});
  } else if (codes && kind == WeightKind::packed) {
    run(PackedMatmul{.q = q_, .scales = scales_});
  } else if (kind == WeightKind::ternary) {
    run(TernaryMatmulF32{.x = x});
  } else if (kind == WeightKind::packed) {
    run(PackedMatmulF32{.x = x});
  } else {
    run(DenseMatmul{.x = x, .single_precision = tape.single_precision()});
  }
  // What the gradient of the weights is computed from: codes where there are any, they are a quarter of the size.
  const Tensor kept = codes ? Tensor() : x;
  const Tensor q = codes ? q_ : Tensor(), scales = codes ? scales_ : Tensor();
  tape.on_backward([&tape, &layer, input = x_.gradient, shape = x_.tensor.shape, kept, q, scales, expert_ids, y] {
    const Tensor dy = y.gradient->tensor.view(y.tensor.shape);
    if (layer.trains())
      tape.ops()(WeightGradient{
          .x = kept, .q = q, .scales = scales, .dy = dy, .expert_ids = expert_ids, .dw = layer.gradient});
    const Value x{Tensor{nullptr, shape, DType::f32}, input};
    tape.add_gradient(x, [&](const Tensor& dx, bool accumulate) {
      if (layer.weight().ternary()) {
        tape.ops()(TernaryMatmulBackward{
            .dy = dy, .weight = layer.weight(), .expert_ids = expert_ids, .dx = dx, .accumulate = accumulate});
      } else {
        tape.ops()(DenseMatmulBackward{
            .dy = dy, .weight = layer.weight(), .expert_ids = expert_ids, .dx = dx, .accumulate = accumulate});
      }
    });
  });
  return y;
}

Routing route_tokens(Tape& tape, const Value& logits, const RouterOptions& options) {
  const Shape shape = {logits.tensor.shape[0], options.top_k};
  Routing routing{.weights = tape.make(shape), .expert_ids = tape.take(shape, DType::i32), .load = options.load};
  // The temporary is there all the same: one that nobody uses takes no memory, and the numbers of the others, by which
  // programs share a plan, stay what they are.
  if (options.expert_ids) routing.expert_ids = options.expert_ids;
  tape.ops()(RouteTokens{.logits = logits.tensor,
                         .bias = options.bias,
                         .expert_ids = routing.expert_ids,
                         .weights = routing.weights.tensor,
                         .renormalize = options.renormalize,
                         .scale = options.scale});
  if (tape.recording() && !routing.load) routing.load = tape.take({logits.tensor.shape[1]});
  if (routing.load) tape.ops()(ExpertLoad{.expert_ids = routing.expert_ids, .load = routing.load});
  tape.on_backward([&tape, logits, routing, options] {
    tape.add_gradient(logits, [&](const Tensor& dlogits) {
      tape.ops()(RouteTokensBackward{.logits = logits.tensor,
                                     .expert_ids = routing.expert_ids,
                                     .dweights = routing.weights.gradient->tensor.view(routing.weights.tensor.shape),
                                     .load = routing.load,
                                     .dlogits = dlogits,
                                     .renormalize = options.renormalize,
                                     .scale = options.scale,
                                     .balance = options.balance,
                                     .z_loss = options.z_loss});
    });
  });
  return routing;
}

Value combine_experts(Tape& tape, const Value& x, const Routing& routing) {
  const Tensor weights = routing.weights.tensor;
  Value y = tape.make({weights.shape[0], x.tensor.shape[1]});
  tape.ops()(CombineExperts{.x = x.tensor, .weights = weights, .y = y.tensor});
  tape.on_backward([&tape, x, routing, y] {
    tape.add_gradient(x, [&](const Tensor& dx) {
      tape.add_gradient(routing.weights, [&](const Tensor& dweights) {
        tape.ops()(CombineExpertsBackward{.x = x.tensor,
                                          .weights = routing.weights.tensor,
                                          .dy = y.gradient->tensor.view(y.tensor.shape),
                                          .dx = dx,
                                          .dweights = dweights});
      });
    });
  });
  return y;
}

}  // namespace tritium
