// What is done to the residual stream, to the values of heads and to logits beside products, on a tape.
#pragma once

#include "graph/functions.h"

namespace tritium {

// x + f(scales) z (ops/scale_columns.h); without x: of z alone. `scales` has one row; gated: f is the sigmoid.
Value scale_columns(Tape& tape, const Value& z, const Parameter& scales, bool gated = false);
Value add_scaled_columns(Tape& tape, const Value& x, const Value& z, const Parameter& scales, bool gated = false);

// scale (a + b)
Value add_both(Tape& tape, const Value& a, const Value& b, float scale);

// A parameter of one row, as operations take it.
Tensor vector_of(const Parameter& parameter);

// The rows of the tokens before (ops/previous_rows.h). `cache`: f32 [capacity, dim] of a pass that goes on with a
// sequence, which has no gradient; none: of whole sequences.
Value previous_rows(Tape& tape, const Value& x, const Tensor& rows, const Tensor& cache = {});

// x without its part along the token's own value (ops/reject_values.h). x [T, heads, dim], v [T, kv_heads, dim]
Value reject_values(Tape& tape, const Value& x, const Value& v);

// cap tanh(x / cap); in `into` if it is given.
Value soft_cap(Tape& tape, const Value& x, float cap, const Tensor& into = {});

}  // namespace tritium
