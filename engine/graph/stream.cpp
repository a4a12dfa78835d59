#include "graph/stream.h"

namespace tritium {

Tensor vector_of(const Parameter& parameter) { return parameter.weight().data.view({parameter.weight().cols}); }

namespace {

// x: null where nothing is added.
Value scaled(Tape& tape, const Value* x, const Value& z, const Parameter& scales, bool gated) {
  Value y = tape.make(z.tensor.shape);
  tape.ops()(ScaleColumns{
      .z = z.tensor, .scales = vector_of(scales), .x = x ? x->tensor : Tensor(), .y = y.tensor, .gated = gated});
  const Value added = x ? *x : Value();
  tape.on_backward([&tape, added, z, &scales, y, gated] {
    const Tensor dy = y.gradient->tensor.view(y.tensor.shape);
    const int64_t n = scales.weight().cols;
    tape.add_gradient(z, [&](const Tensor& dz, bool accumulate) {
      tape.ops()(ScaleColumnsBackward{.z = z.tensor,
                                      .scales = vector_of(scales),
                                      .dy = dy,
                                      .dz = dz,
                                      // Those of frozen scales go nowhere.
                                      .dscales = scales.trains() ? scales.gradient.view({n}) : tape.take({n}),
                                      .gated = gated,
                                      .accumulate = accumulate});
    });
    tape.share_gradient(added, y);  // after z has read it
  });
  return y;
}

}  // namespace

Value scale_columns(Tape& tape, const Value& z, const Parameter& scales, bool gated) {
  return scaled(tape, nullptr, z, scales, gated);
}

Value add_scaled_columns(Tape& tape, const Value& x, const Value& z, const Parameter& scales, bool gated) {
  return scaled(tape, &x, z, scales, gated);
}

Value add_both(Tape& tape, const Value& a, const Value& b, float scale) {
  Value y = tape.make(a.tensor.shape);
  tape.ops()(ScaledAdd{.a = a.tensor, .b = b.tensor, .y = y.tensor, .a_scale = scale, .b_scale = scale});
  tape.on_backward([&tape, a, b, y, scale] {
    const Tensor dy = y.gradient->tensor.view(y.tensor.shape);
    for (const Value* input : {&b, &a})
      tape.add_gradient(*input, [&](const Tensor& dx) {
        tape.ops()(ScaledAdd{.a = dy, .b = dy, .y = dx.view(dy.shape), .a_scale = scale, .b_scale = 0.0f});
      });
  });
  return y;
}

Value previous_rows(Tape& tape, const Value& x, const Tensor& rows, const Tensor& cache) {
  Value y = tape.make(x.tensor.shape);
  tape.ops()(PreviousRows{.x = x.tensor, .rows = rows, .cache = cache, .y = y.tensor});
  tape.on_backward([&tape, x, rows, y] {
    tape.add_gradient(x, [&](const Tensor& dx, bool accumulate) {
      tape.ops()(PreviousRowsBackward{
          .dy = y.gradient->tensor.view(y.tensor.shape), .rows = rows, .dx = dx, .accumulate = accumulate});
    });
  });
  return y;
}

Value reject_values(Tape& tape, const Value& x, const Value& v) {
  Value y = tape.make(x.tensor.shape);
  tape.ops()(RejectValues{.x = x.tensor, .v = v.tensor, .y = y.tensor});
  tape.on_backward([&tape, x, v, y] {
    tape.add_gradient(x, [&](const Tensor& dx) {
      tape.add_gradient(v, [&](const Tensor& dv) {
        tape.ops()(RejectValuesBackward{.x = x.tensor,
                                        .v = v.tensor,
                                        .dy = y.gradient->tensor.view(y.tensor.shape),
                                        .dx = dx.view(x.tensor.shape),
                                        .dv = dv.view(v.tensor.shape)});
      });
    });
  });
  return y;
}

Value soft_cap(Tape& tape, const Value& x, float cap, const Tensor& into) {
  Value y = tape.make(x.tensor.shape, into);
  tape.ops()(SoftCap{.x = x.tensor, .y = y.tensor, .cap = cap});
  tape.on_backward([&tape, x, y, cap] {
    tape.add_gradient(x, [&](const Tensor& dx, bool accumulate) {
      tape.ops()(SoftCapBackward{.x = x.tensor,
                                 .dy = y.gradient->tensor.view(y.tensor.shape),
                                 .dx = dx,
                                 .cap = cap,
                                 .accumulate = accumulate});
    });
  });
  return y;
}

}  // namespace tritium
