// Cases of the operations on the residual stream, on the values of heads and on logits, and of their gradients.
#include <limits>

#include "selftest/op_cases.h"

namespace tritium::cases {
namespace {

struct Scaled {
  Shape shape;
  int64_t scales;
};
const std::vector<Scaled> kScaled = {{{1, 1}, 1},       {{5, 64}, 1},    {{33, 257}, 257}, {{4, 6, 32}, 6},
                                     {{200, 128}, 128}, {{3, 7, 11}, 7}, {{300, 48}, 3},   {{2, 2048}, 1}};

std::string text(const Scaled& s, bool gated) {
  return join(s.shape.text(), " by ", s.scales, gated ? " gates" : " scales");
}

}  // namespace

template <>
void cases_of<ScaleColumns>(Cases& c) {
  for (const Scaled& s : kScaled)
    for (const bool gated : {false, true}) {
      if (c.next(text(s, gated)))
        c.run(ScaleColumns{
            .z = c.random(s.shape), .scales = c.random({s.scales}), .y = c.zeros(s.shape), .gated = gated});
      if (c.next(text(s, gated), ", added")) {
        const Tensor x = c.random(s.shape);
        c.run(
            ScaleColumns{.z = c.random(s.shape), .scales = c.random({s.scales}, 3.0), .x = x, .y = x, .gated = gated});
      }
    }
  if (c.next("gates far from 0"))
    c.run(ScaleColumns{.z = c.random({4, 6}),
                       .scales = c.floats({6}, {-1000.0f, -88.0f, -20.0f, 20.0f, 88.0f, 1000.0f}),
                       .y = c.zeros({4, 6}),
                       .gated = true});
}

template <>
void cases_of<ScaleColumnsBackward>(Cases& c) {
  for (const Scaled& s : kScaled)
    for (const bool gated : {false, true})
      for (const bool accumulate : {false, true})
        if (c.next(text(s, gated), accumulate ? ", added" : ""))
          c.run(ScaleColumnsBackward{.z = c.random(s.shape),
                                     .scales = c.random({s.scales}),
                                     .dy = c.random(s.shape),
                                     .dz = c.random(s.shape),
                                     .dscales = c.random({s.scales}),
                                     .gated = gated,
                                     .accumulate = accumulate});
}

template <>
void cases_of<PreviousRows>(Cases& c) {
  const auto run = [&c](const Tensor& rows, int64_t capacity, int64_t dim) {
    const int64_t tokens = rows.shape[0];
    c.run(PreviousRows{.x = c.random({tokens, dim}),
                       .rows = rows,
                       .cache = capacity > 0 ? c.random({capacity, dim}) : Tensor(),
                       .y = c.zeros({tokens, dim})});
  };
  for (const int64_t dim : {1, 3, 64, 257}) {
    if (c.next("7 tokens from position 0, dim ", dim)) run(c.rows(7, 0), 0, dim);
    if (c.next("7 tokens from position 0, cached, dim ", dim)) run(c.rows(7, 0), 9, dim);
    if (c.next("one token at 4, cached, dim ", dim)) run(c.rows(1, 4), 9, dim);
    if (c.next("5 tokens from 4, cached, dim ", dim)) run(c.rows(5, 4), 9, dim);
    if (c.next("3 sequences of 4 tokens, dim ", dim)) run(c.rows(4, 0, 3, 4), 0, dim);
    if (c.next("2 sequences of 3 tokens from 1, cached, dim ", dim)) run(c.rows(3, 1, 2, 5), 10, dim);
  }
}

template <>
void cases_of<PreviousRowsBackward>(Cases& c) {
  for (const int64_t dim : {1, 3, 64, 257})
    for (const bool accumulate : {false, true})
      for (const auto& [tokens, sequences] : Sizes<2>{{1, 1}, {7, 1}, {4, 3}})
        if (c.next(sequences, " sequences of ", tokens, " tokens, dim ", dim, accumulate ? ", added" : ""))
          c.run(PreviousRowsBackward{.dy = c.random({sequences * tokens, dim}),
                                     .rows = c.rows(tokens, 0, sequences, tokens),
                                     .dx = c.random({sequences * tokens, dim}),
                                     .accumulate = accumulate});
}

namespace {

const Sizes<4> kHeads = {{1, 1, 1, 1}, {5, 4, 2, 16}, {3, 6, 6, 33}, {2, 8, 1, 64}, {40, 4, 2, 128}, {1, 2, 1, 300}};

}  // namespace

template <>
void cases_of<RejectValues>(Cases& c) {
  for (const auto& [tokens, heads, kv_heads, dim] : kHeads)
    if (c.next("tokens ", tokens, " heads ", heads, "/", kv_heads, " of ", dim))
      c.run(RejectValues{.x = c.random({tokens, heads, dim}),
                         .v = c.random({tokens, kv_heads, dim}),
                         .y = c.zeros({tokens, heads, dim})});
  if (c.next("values of zeros"))
    c.run(RejectValues{.x = c.random({2, 4, 16}), .v = c.zeros({2, 2, 16}), .y = c.zeros({2, 4, 16})});
}

template <>
void cases_of<RejectValuesBackward>(Cases& c) {
  const auto run = [&c](int64_t tokens, int64_t heads, int64_t kv_heads, int64_t dim, const Tensor& v) {
    c.run(RejectValuesBackward{.x = c.random({tokens, heads, dim}),
                               .v = v,
                               .dy = c.random({tokens, heads, dim}),
                               .dx = c.zeros({tokens, heads, dim}),
                               .dv = c.zeros({tokens, kv_heads, dim})});
  };
  for (const auto& [tokens, heads, kv_heads, dim] : kHeads)
    if (c.next("tokens ", tokens, " heads ", heads, "/", kv_heads, " of ", dim))
      run(tokens, heads, kv_heads, dim, c.random({tokens, kv_heads, dim}));
  if (c.next("values of zeros")) run(2, 4, 2, 16, c.zeros({2, 2, 16}));
}

namespace {

// Around the place where the series ends, and where tanh has reached 1.
const std::vector<float> kLogits = {0.0f,  -0.0f, 1e-30f, 1e-3f,  -0.5f,  8.9f,  9.1f,  -8.9f,
                                    -9.1f, 30.0f, -45.0f, 299.0f, 301.0f, -1e4f, 1e30f, -1e30f};

}  // namespace

template <>
void cases_of<SoftCap>(Cases& c) {
  for (const int64_t n : {1, 3, 64, 257, 4096})
    for (const double spread : {0.01, 1.0, 50.0})
      if (c.next("n ", n, ", values around ", spread))
        c.run(SoftCap{.x = c.random({n}, spread), .y = c.zeros({n}), .cap = 30.0f});
  if (c.next("far and near")) c.run(SoftCap{.x = c.floats({16}, kLogits), .y = c.zeros({16}), .cap = 30.0f});
}

template <>
void cases_of<SoftCapBackward>(Cases& c) {
  for (const int64_t n : {1, 3, 64, 257, 4096})
    for (const bool accumulate : {false, true})
      if (c.next("n ", n, accumulate ? ", added" : ""))
        c.run(SoftCapBackward{.x = c.random({n}, 30.0),
                              .dy = c.random({n}),
                              .dx = c.random({n}),
                              .cap = 30.0f,
                              .accumulate = accumulate});
  if (c.next("far and near"))
    c.run(SoftCapBackward{.x = c.floats({16}, kLogits), .dy = c.random({16}), .dx = c.zeros({16}), .cap = 30.0f});
}

template <>
void cases_of<BalanceBias>(Cases& c) {
  for (const int64_t n : {1, 4, 130})
    if (c.next("experts ", n)) {
      std::vector<float> load(static_cast<size_t>(n), 1.0f / static_cast<float>(n));
      for (size_t e = 0; e + 1 < load.size(); e += 2) load[e] += 0.001f, load[e + 1] -= 0.001f;
      c.run(BalanceBias{.load = c.floats({n}, load), .bias = c.random({n}), .rate = 0.01f});
    }
}

}  // namespace tritium::cases
