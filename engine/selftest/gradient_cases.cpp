// Cases of the operations of a backward pass.
#include "base/checked_math.h"
#include "base/format_text.h"
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
  std::vector<int32_t> ids;
  for (int64_t i = 0; i < p.tokens * p.top_k; ++i)
    ids.push_back(static_cast<int32_t>(in.below((p.n_matrices + 1) / 2)));
  ids.back() = -1;
  ids.front() = static_cast<int32_t>(p.n_matrices - 1);
  return in.ints({p.tokens, p.top_k}, ids);
}

}  // namespace

template <>
std::vector<OpCase> cases_of<TernaryMatmulBackward>() {
  std::vector<OpCase> cases;
  for (const Product& p : kProducts)
    for (bool accumulate : {false, true})
      cases.push_back({p.text() + (accumulate ? ", added" : ""), [=](Ops& ops, CaseInputs& in) {
                         const auto granularity = accumulate ? ScaleGranularity::row : ScaleGranularity::group;
                         ops(TernaryMatmulBackward{.dy = in.random({p.dy_rows(), p.rows}),
                                                   .weight = in.ternary(p.n_matrices, p.rows, p.cols, granularity, 64),
                                                   .expert_ids = expert_ids(p, in),
                                                   .dx = in.random({p.x_rows(), p.cols}),
                                                   .accumulate = accumulate});
                       }});
  return cases;
}

template <>
std::vector<OpCase> cases_of<DenseMatmulBackward>() {
  std::vector<OpCase> cases;
  for (const Product& p : kProducts)
    for (DType dtype : {DType::f32, DType::f16, DType::bf16})
      cases.push_back({join(p.text(), " ", name_of(dtype)), [=](Ops& ops, CaseInputs& in) {
                         ops(DenseMatmulBackward{.dy = in.random({p.dy_rows(), p.rows}),
                                                 .weight = in.dense(p.n_matrices, p.rows, p.cols, dtype),
                                                 .expert_ids = expert_ids(p, in),
                                                 .dx = in.random({p.x_rows(), p.cols}),
                                                 .accumulate = dtype == DType::f16});
                       }});
  return cases;
}

template <>
std::vector<OpCase> cases_of<WeightGradient>() {
  std::vector<OpCase> cases;
  for (const Product& p : kProducts) {
    cases.push_back({p.text() + " f32", [=](Ops& ops, CaseInputs& in) {
                       ops(WeightGradient{.x = in.random({p.x_rows(), p.cols}),
                                          .q = {},
                                          .scales = {},
                                          .dy = in.random({p.dy_rows(), p.rows}),
                                          .expert_ids = expert_ids(p, in),
                                          .dw = in.random({p.n_matrices, p.rows, p.cols})});
                     }});
    for (bool per_block : {false, true})
      cases.push_back({p.text() + (per_block ? " int8 blocks" : " int8"), [=](Ops& ops, CaseInputs& in) {
                         const CaseInputs::Quantized x = in.quantized(p.x_rows(), p.cols, per_block);
                         ops(WeightGradient{.x = {},
                                            .q = x.q,
                                            .scales = x.scales,
                                            .dy = in.random({p.dy_rows(), p.rows}),
                                            .expert_ids = expert_ids(p, in),
                                            .dw = in.random({p.n_matrices, p.rows, p.cols})});
                       }});
  }
  return cases;
}

template <>
std::vector<OpCase> cases_of<EmbeddingBackward>() {
  struct Case {
    int64_t tokens, vocab, dim;
  };
  std::vector<OpCase> cases;
  for (const Case& c : {Case{1, 1, 1}, Case{50, 7, 33}, Case{300, 259, 128}, Case{9, 1000, 64}})
    cases.push_back({join("tokens ", c.tokens, " of ", c.vocab, ", dim ", c.dim), [=](Ops& ops, CaseInputs& in) {
                       std::vector<int32_t> tokens;
                       for (int64_t i = 0; i < c.tokens; ++i) tokens.push_back(static_cast<int32_t>(in.below(c.vocab)));
                       ops(EmbeddingBackward{.tokens = in.ints({c.tokens}, tokens),
                                             .dy = in.random({c.tokens, c.dim}),
                                             .dtable = in.random({c.vocab, c.dim})});
                     }});
  return cases;
}

template <>
std::vector<OpCase> cases_of<RmsNormBackward>() {
  struct Case {
    Shape shape;
    double spread;
  };
  std::vector<OpCase> cases;
  for (const Case& c : {Case{{1, 1}, 1.0}, Case{{5, 64}, 1.0}, Case{{33, 257}, 10.0}, Case{{4, 6, 32}, 0.01},
                        Case{{200, 128}, 1.0}, Case{{2, 2048}, 1.0}})
    for (bool accumulate : {false, true})
      cases.push_back({join(c.shape.text(), accumulate ? ", added" : ""), [=](Ops& ops, CaseInputs& in) {
                         ops(RmsNormBackward{.x = in.random(c.shape, c.spread),
                                             .weight = in.random({c.shape[-1]}),
                                             .dy = in.random(c.shape),
                                             .dx = in.random(c.shape),
                                             .dweight = in.random({c.shape[-1]}),
                                             .eps = 1e-5f,
                                             .accumulate = accumulate});
                       }});
  return cases;
}

template <>
std::vector<OpCase> cases_of<AttentionBackward>() {
  struct Case {
    int64_t sequences, length, heads, kv_heads, key_dim, value_dim, window;
  };
  std::vector<OpCase> cases;
  for (const Case& c : {Case{1, 1, 1, 1, 1, 1, 0}, Case{2, 7, 4, 2, 16, 16, 0}, Case{3, 33, 4, 4, 32, 24, 0},
                        Case{2, 20, 6, 2, 17, 23, 5}, Case{1, 70, 2, 1, 64, 64, 1}, Case{1, 130, 3, 1, 48, 64, 0},
                        Case{1, 40, 2, 1, 130, 72, 0}, Case{2, 100, 2, 2, 24, 136, 33}})
    cases.push_back({join(c.sequences, " x ", c.length, " tokens, heads ", c.heads, "/", c.kv_heads, " of ", c.key_dim,
                          "/", c.value_dim, ", window ", c.window),
                     [=](Ops& ops, CaseInputs& in) {
                       const int64_t n = c.sequences * c.length;
                       const Shape q = {n, c.heads, c.key_dim}, k = {n, c.kv_heads, c.key_dim};
                       const Shape v = {n, c.kv_heads, c.value_dim};
                       ops(AttentionBackward{.q = in.random(q),
                                             .k = in.random(k),
                                             .v = in.random(v),
                                             .dy = in.random({n, c.heads, c.value_dim}),
                                             .dq = in.random(q),
                                             .dk = in.random(k),
                                             .dv = in.random(v),
                                             .n_sequences = c.sequences,
                                             .window = c.window,
                                             .scale = 0.3f});
                     }});
  return cases;
}

template <>
std::vector<OpCase> cases_of<GatedActivationBackward>() {
  std::vector<OpCase> cases;
  for (GateActivation activation : {GateActivation::silu, GateActivation::gelu, GateActivation::relu2})
    for (float clamp : {0.0f, 1.5f})
      for (const Shape& shape : {Shape{1, 1}, Shape{7, 33}, Shape{64, 256}})
        cases.push_back({join("activation ", static_cast<int>(activation), ", clamp ", clamp, " ", shape.text()),
                         [=](Ops& ops, CaseInputs& in) {
                           ops(GatedActivationBackward{.gate = in.random(shape, 3.0),
                                                       .up = in.random(shape, 3.0),
                                                       .dy = in.random(shape),
                                                       .dgate = in.zeros(shape),
                                                       .dup = in.zeros(shape),
                                                       .activation = activation,
                                                       .clamp = clamp});
                         }});
  return cases;
}

template <>
std::vector<OpCase> cases_of<CombineExpertsBackward>() {
  struct Case {
    int64_t tokens, top_k, dim;
  };
  std::vector<OpCase> cases;
  for (const Case& c : {Case{1, 1, 1}, Case{3, 2, 64}, Case{7, 8, 257}, Case{65, 3, 100}})
    cases.push_back({join("tokens ", c.tokens, " top ", c.top_k, " dim ", c.dim), [=](Ops& ops, CaseInputs& in) {
                       ops(CombineExpertsBackward{.x = in.random({c.tokens * c.top_k, c.dim}),
                                                  .weights = in.random({c.tokens, c.top_k}),
                                                  .dy = in.random({c.tokens, c.dim}),
                                                  .dx = in.zeros({c.tokens * c.top_k, c.dim}),
                                                  .dweights = in.zeros({c.tokens, c.top_k})});
                     }});
  return cases;
}

template <>
std::vector<OpCase> cases_of<RouteTokensBackward>() {
  struct Case {
    int64_t tokens, experts, top_k;
    float balance, z_loss;
  };
  std::vector<OpCase> cases;
  for (const Case& c : {Case{1, 1, 1, 0, 0}, Case{5, 8, 2, 0, 0}, Case{17, 64, 8, 0.01f, 1e-3f},
                        Case{3, 300, 8, 0.5f, 0.1f}, Case{200, 8, 2, 0.01f, 0}})
    for (bool renormalize : {true, false})
      cases.push_back({join("tokens ", c.tokens, " experts ", c.experts, " top ", c.top_k, " balance ", c.balance,
                            renormalize ? " renormalised" : ""),
                       [=](Ops& ops, CaseInputs& in) {
                         const Tensor logits = in.random({c.tokens, c.experts}, 2.0);
                         const Tensor ids = in.zeros({c.tokens, c.top_k}, DType::i32);
                         const Tensor load = in.zeros({c.experts});
                         ops(RouteTokens{.logits = logits,
                                         .expert_ids = ids,
                                         .weights = in.zeros({c.tokens, c.top_k}),
                                         .renormalize = renormalize});
                         ops(ExpertLoad{.expert_ids = ids, .load = load});
                         ops(RouteTokensBackward{.logits = logits,
                                                 .expert_ids = ids,
                                                 .dweights = in.random({c.tokens, c.top_k}),
                                                 .load = c.balance > 0 ? load : Tensor(),
                                                 .dlogits = in.zeros({c.tokens, c.experts}),
                                                 .renormalize = renormalize,
                                                 .scale = renormalize ? 1.0f : 2.5f,
                                                 .balance = c.balance,
                                                 .z_loss = c.z_loss});
                       }});
  return cases;
}

}  // namespace tritium::cases
