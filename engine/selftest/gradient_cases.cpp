// Cases of the operations of a backward pass.
#include "selftest/op_cases.h"

namespace tritium::cases {
namespace {

struct Product {
  int64_t tokens, top_k, n_matrices, rows, cols;  // top_k 0: not routed
  bool x_per_slot;

  int64_t dy_rows() const { return top_k == 0 ? tokens : tokens * top_k; }
  int64_t x_rows() const { return x_per_slot ? dy_rows() : tokens; }
  std::string text() const {
    return join("tokens ", tokens, ", ", n_matrices, " x ", rows, " x ", cols, top_k > 0 ? join(", top ", top_k) : "",
                x_per_slot ? ", x per slot" : "");
  }
};

constexpr Product kProducts[] = {
    {1, 0, 1, 1, 1, false},      {3, 0, 1, 5, 7, false},     {33, 0, 1, 64, 300, false},
    {70, 0, 1, 257, 129, false}, {5, 2, 3, 17, 40, false},   {40, 2, 8, 96, 64, false},
    {40, 2, 8, 64, 96, true},    {2, 8, 64, 33, 513, false}, {130, 1, 2, 48, 31, false},
};

// Experts of a case; some of them get no token, and one slot names no expert at all.
Tensor expert_ids(const Product& p, CaseInputs& in) {
  if (p.top_k == 0) return {};
  std::vector<int32_t> ids = in.some_below(p.tokens * p.top_k, (p.n_matrices + 1) / 2);
  ids.back() = -1;
  ids.front() = static_cast<int32_t>(p.n_matrices - 1);
  return in.ints({p.tokens, p.top_k}, ids);
}

}  // namespace

template <>
void cases_of<TernaryMatmulBackward>(Cases& c) {
  for (const Product& p : kProducts)
    for (bool accumulate : {false, true}) {
      if (!c.next(p.text(), accumulate ? ", added" : "")) continue;
      const auto granularity = accumulate ? ScaleGranularity::row : ScaleGranularity::group;
      c.run(TernaryMatmulBackward{.dy = c.random({p.dy_rows(), p.rows}),
                                  .weight = c.ternary(p.n_matrices, p.rows, p.cols, granularity, 64),
                                  .expert_ids = expert_ids(p, c),
                                  .dx = c.random({p.x_rows(), p.cols}),
                                  .accumulate = accumulate});
    }
}

template <>
void cases_of<DenseMatmulBackward>(Cases& c) {
  for (const Product& p : kProducts)
    for (DType dtype : {DType::f32, DType::f16, DType::bf16})
      if (c.next(p.text(), " ", name_of(dtype)))
        c.run(DenseMatmulBackward{.dy = c.random({p.dy_rows(), p.rows}),
                                  .weight = c.dense(p.n_matrices, p.rows, p.cols, dtype),
                                  .expert_ids = expert_ids(p, c),
                                  .dx = c.random({p.x_rows(), p.cols}),
                                  .accumulate = dtype == DType::f16});
}

template <>
void cases_of<WeightGradient>(Cases& c) {
  for (const Product& p : kProducts) {
    const auto run = [&](const Tensor& x, const CaseInputs::Quantized& quantized, int64_t n_matrices) {
      c.run(WeightGradient{.x = x,
                           .q = quantized.q,
                           .scales = quantized.scales,
                           .dy = c.random({p.dy_rows(), p.rows}),
                           .expert_ids = expert_ids(p, c),
                           .dw = c.random({n_matrices, p.rows, p.cols})});
    };
    if (c.next(p.text(), " f32")) run(c.random({p.x_rows(), p.cols}), {}, p.n_matrices);
    if (p.n_matrices > 1 && c.next(p.text(), " f32, of the first matrix")) run(c.random({p.x_rows(), p.cols}), {}, 1);
    for (bool per_block : {false, true})
      if (c.next(p.text(), per_block ? " int8 blocks" : " int8"))
        run({}, c.quantized(p.x_rows(), p.cols, per_block), p.n_matrices);
    if (p.n_matrices > 1 && c.next(p.text(), " int8, of the first matrix"))
      run({}, c.quantized(p.x_rows(), p.cols, false), 1);
  }
}

template <>
void cases_of<EmbeddingBackward>(Cases& c) {
  for (const auto& [tokens, vocab, dim] : Sizes<3>{{1, 1, 1}, {50, 7, 33}, {300, 259, 128}, {9, 1000, 64}})
    if (c.next("tokens ", tokens, " of ", vocab, ", dim ", dim))
      c.run(EmbeddingBackward{.tokens = c.ints({tokens}, c.some_below(tokens, vocab)),
                              .dy = c.random({tokens, dim}),
                              .dtable = c.random({vocab, dim})});
}

template <>
void cases_of<RmsNormBackward>(Cases& c) {
  for (const auto& [shape, spread] : Table<Shape, double>{
           {{1, 1}, 1.0}, {{5, 64}, 1.0}, {{33, 257}, 10.0}, {{4, 6, 32}, 0.01}, {{200, 128}, 1.0}, {{2, 2048}, 1.0}})
    for (bool accumulate : {false, true})
      if (c.next(shape.text(), accumulate ? ", added" : ""))
        c.run(RmsNormBackward{.x = c.random(shape, spread),
                              .weight = c.random({shape[-1]}),
                              .dy = c.random(shape),
                              .dx = c.random(shape),
                              .dweight = c.random({shape[-1]}),
                              .eps = 1e-5f,
                              .accumulate = accumulate});
}

template <>
void cases_of<AttentionBackward>(Cases& c) {
  for (const auto& [sequences, length, heads, kv_heads, key_dim, value_dim, window] :
       Sizes<7>{{1, 1, 1, 1, 1, 1, 0},
                {2, 7, 4, 2, 16, 16, 0},
                {3, 33, 4, 4, 32, 24, 0},
                {2, 20, 6, 2, 17, 23, 5},
                {1, 70, 2, 1, 64, 64, 1},
                {1, 130, 3, 1, 48, 64, 0},
                {1, 40, 2, 1, 130, 72, 0},
                {2, 100, 2, 2, 24, 136, 33}}) {
    if (!c.next(sequences, " x ", length, " tokens, heads ", heads, "/", kv_heads, " of ", key_dim, "/", value_dim,
                ", window ", window))
      continue;
    const int64_t n = sequences * length;
    const Shape q = {n, heads, key_dim}, k = {n, kv_heads, key_dim}, v = {n, kv_heads, value_dim};
    c.run(AttentionBackward{.q = c.random(q),
                            .k = c.random(k),
                            .v = c.random(v),
                            .dy = c.random({n, heads, value_dim}),
                            .dq = c.random(q),
                            .dk = c.random(k),
                            .dv = c.random(v),
                            .n_sequences = sequences,
                            .window = window,
                            .scale = 0.3f});
  }
}

template <>
void cases_of<GatedActivationBackward>(Cases& c) {
  constexpr GateActivation kAll[] = {GateActivation::silu, GateActivation::gelu, GateActivation::relu2,
                                     GateActivation::leaky_relu2};
  for (GateActivation activation : kAll)
    for (const Shape& shape : {Shape{1, 1}, Shape{7, 33}, Shape{64, 256}})
      if (c.next("activation ", static_cast<int>(activation), " alone ", shape.text()))
        c.run(GatedActivationBackward{
            .gate = c.random(shape, 3.0), .dy = c.random(shape), .dgate = c.zeros(shape), .activation = activation});
  for (GateActivation activation : kAll)
    for (float clamp : {0.0f, 1.5f})
      for (const Shape& shape : {Shape{1, 1}, Shape{7, 33}, Shape{64, 256}})
        if (c.next("activation ", static_cast<int>(activation), ", clamp ", clamp, " ", shape.text()))
          c.run(GatedActivationBackward{.gate = c.random(shape, 3.0),
                                        .up = c.random(shape, 3.0),
                                        .dy = c.random(shape),
                                        .dgate = c.zeros(shape),
                                        .dup = c.zeros(shape),
                                        .activation = activation,
                                        .clamp = clamp});
}

template <>
void cases_of<CombineExpertsBackward>(Cases& c) {
  for (const auto& [tokens, top_k, dim] : Sizes<3>{{1, 1, 1}, {3, 2, 64}, {7, 8, 257}, {65, 3, 100}})
    if (c.next("tokens ", tokens, " top ", top_k, " dim ", dim))
      c.run(CombineExpertsBackward{.x = c.random({tokens * top_k, dim}),
                                   .weights = c.random({tokens, top_k}),
                                   .dy = c.random({tokens, dim}),
                                   .dx = c.zeros({tokens * top_k, dim}),
                                   .dweights = c.zeros({tokens, top_k})});
}

template <>
void cases_of<RouteTokensBackward>(Cases& c) {
  for (const auto& [tokens, experts, top_k, balance, z_loss] : Table<int64_t, int64_t, int64_t, float, float>{
           {1, 1, 1, 0, 0}, {5, 8, 2, 0, 0}, {17, 64, 8, 0.01f, 1e-3f}, {3, 300, 8, 0.5f, 0.1f}, {200, 8, 2, 0.01f, 0}})
    for (bool renormalize : {true, false}) {
      if (!c.next("tokens ", tokens, " experts ", experts, " top ", top_k, " balance ", balance,
                  renormalize ? " renormalised" : ""))
        continue;
      const Shape chosen = {tokens, top_k};
      const Tensor logits = c.random({tokens, experts}, 2.0);
      const Tensor ids = c.zeros(chosen, DType::i32), load = c.zeros({experts});
      c.run(RouteTokens{.logits = logits, .expert_ids = ids, .weights = c.zeros(chosen), .renormalize = renormalize});
      c.run(ExpertLoad{.expert_ids = ids, .load = load});
      c.run(RouteTokensBackward{.logits = logits,
                                .expert_ids = ids,
                                .dweights = c.random(chosen),
                                .load = balance > 0 ? load : Tensor(),
                                .dlogits = c.zeros({tokens, experts}),
                                .renormalize = renormalize,
                                .scale = renormalize ? 1.0f : 2.5f,
                                .balance = balance,
                                .z_loss = z_loss});
    }
}

}  // namespace tritium::cases
