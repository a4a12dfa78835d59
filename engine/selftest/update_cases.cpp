// Cases of the loss, the quantisers and the optimisers.
#include "base/checked_math.h"
#include "base/format_text.h"
#include "selftest/op_cases.h"

namespace tritium::cases {
namespace {

struct Parameter {
  int64_t n_matrices, rows, cols, group_size, n_alpha;
  std::string text() const {
    return join(n_matrices, " x ", rows, " x ", cols, ", group ", group_size, ", ", n_alpha, " alpha");
  }
  int64_t groups() const { return group_size > 0 ? ceil_div(cols, group_size) : 1; }
};

constexpr Parameter kParameters[] = {
    {1, 1, 1, 0, 1},    {1, 5, 7, 0, 1},       {1, 64, 300, 0, 64},
    {3, 33, 129, 0, 3}, {2, 16, 256, 64, 128}, {1, 9, 520, 128, 45},
};

Weight trits_of(const Parameter& p, CaseInputs& in) {
  return in.ternary(p.n_matrices, p.rows, p.cols, p.group_size > 0 ? ScaleGranularity::group : ScaleGranularity::row,
                    p.group_size);
}

// Near the mean magnitude of CaseInputs::dense.
Tensor alpha_of(const Parameter& p, CaseInputs& in) {
  std::vector<float> values;
  for (int64_t i = 0; i < p.n_alpha; ++i) values.push_back(0.07f + 0.001f * static_cast<float>(in.below(20)));
  return in.floats({p.n_alpha}, values);
}

// What the trits are now: rows of a table of ternary weights. (One matrix: a table has no more.)
void show_trits(const Parameter& p, const Weight& weight, Ops& ops, CaseInputs& in) {
  if (p.n_matrices > 1) return;
  std::vector<int32_t> rows;
  for (int64_t r = 0; r < p.rows; ++r) rows.push_back(static_cast<int32_t>(r));
  ops(Embedding{.table = weight, .tokens = in.ints({p.rows}, rows), .y = in.zeros({p.rows, p.cols})});
}

ShadowUpdate shadow_of(const Parameter& p, DType dtype, Rounding rounding, bool repack, CaseInputs& in) {
  return {.parameter = in.dense(p.n_matrices, p.rows, p.cols, dtype),
          .sums = in.zeros({p.n_matrices * p.rows * p.groups()}),
          .alpha = repack ? alpha_of(p, in) : Tensor(),
          .weight = repack ? trits_of(p, in) : Weight(),
          .flips = repack ? in.zeros({p.n_matrices * p.rows}, DType::i32) : Tensor(),
          .group_size = p.group_size,
          .rounding = rounding,
          .seed = 7,
          .step = 3,
          .stream = 11,
          .noise_scale = repack ? 0.02f : 0.0f,
          .clip = repack ? 2.0f : 0.0f};
}

}  // namespace

template <>
std::vector<OpCase> cases_of<ExpertLoad>() {
  std::vector<OpCase> cases;
  for (int64_t experts : {1, 8, 300})
    cases.push_back({join(experts, " experts"), [=](Ops& ops, CaseInputs& in) {
                       std::vector<int32_t> ids;
                       for (int64_t i = 0; i < 40 * 2; ++i) ids.push_back(static_cast<int32_t>(in.below(experts)));
                       ops(ExpertLoad{.expert_ids = in.ints({40, 2}, ids), .load = in.zeros({experts})});
                     }});
  return cases;
}

template <>
std::vector<OpCase> cases_of<CrossEntropy>() {
  struct Case {
    int64_t rows, vocab;
    double spread;
    bool gradient;
  };
  std::vector<OpCase> cases;
  for (const Case& c : {Case{1, 2, 1.0, true}, Case{7, 259, 3.0, true}, Case{5, 259, 3.0, false},
                        Case{3, 5000, 1.0, true}, Case{4, 33, 300.0, true}})
    cases.push_back(
        {join("rows ", c.rows, " vocabulary ", c.vocab, " spread ", c.spread), [=](Ops& ops, CaseInputs& in) {
           std::vector<int32_t> targets;
           for (int64_t r = 0; r < c.rows; ++r) targets.push_back(static_cast<int32_t>(in.below(c.vocab)));
           if (c.rows > 1) targets[1] = -1;
           ops(CrossEntropy{.logits = in.random({c.rows, c.vocab}, c.spread),
                            .targets = in.ints({c.rows}, targets),
                            .losses = in.zeros({c.rows}),
                            .dlogits = c.gradient ? in.zeros({c.rows, c.vocab}) : Tensor(),
                            .scale = 0.125f});
         }});
  return cases;
}

template <>
std::vector<OpCase> cases_of<KlDivergence>() {
  struct Case {
    int64_t rows, vocab;
    double spread;
    float temperature;
    bool gradient;
  };
  std::vector<OpCase> cases;
  for (const Case& c : {Case{1, 2, 1.0, 1.0f, true}, Case{7, 259, 3.0, 2.0f, true}, Case{5, 259, 3.0, 2.0f, false},
                        Case{3, 5000, 1.0, 4.0f, true}, Case{4, 33, 300.0, 1.0f, true}})
    cases.push_back(
        {join("rows ", c.rows, " vocabulary ", c.vocab, " spread ", c.spread, " temperature ", c.temperature),
         [=](Ops& ops, CaseInputs& in) {
           std::vector<int32_t> targets(static_cast<size_t>(c.rows));
           if (c.rows > 1) targets[1] = -1;
           ops(KlDivergence{.logits = in.random({c.rows, c.vocab}, c.spread),
                            .teacher = in.random({c.rows, c.vocab}, c.spread),
                            .targets = in.ints({c.rows}, targets),
                            .losses = in.zeros({c.rows}),
                            .dlogits = c.gradient ? in.random({c.rows, c.vocab}) : Tensor(),
                            .temperature = c.temperature,
                            .scale = 0.125f});
         }});
  cases.push_back({"words that the teacher rules out", [](Ops& ops, CaseInputs& in) {
                     ops(KlDivergence{.logits = in.random({1, 4}),
                                      .teacher = in.floats({1, 4}, {0.5f, -1e30f, 0.25f, -1e30f}),
                                      .targets = in.ints({1}, {0}),
                                      .losses = in.zeros({1}),
                                      .dlogits = in.zeros({1, 4})});
                   }});
  cases.push_back({"a student that is its teacher", [](Ops& ops, CaseInputs& in) {
                     const Tensor logits = in.random({2, 48}, 5.0);
                     ops(KlDivergence{.logits = logits,
                                      .teacher = logits,
                                      .targets = in.ints({2}, {0, 1}),
                                      .losses = in.zeros({2}),
                                      .dlogits = in.zeros({2, 48})});
                   }});
  return cases;
}

template <>
std::vector<OpCase> cases_of<SumSquares>() {
  std::vector<OpCase> cases;
  for (int64_t n : {1, 100, 5000, 300000})
    cases.push_back({join(n, " values"), [=](Ops& ops, CaseInputs& in) {
                       ops(SumSquares{.x = in.random({n}), .sums = in.zeros({3}), .index = 1});
                     }});
  return cases;
}

template <>
std::vector<OpCase> cases_of<DequantizeActivations>() {
  std::vector<OpCase> cases;
  for (int64_t cols : {1, 100, 256, 700})
    for (bool per_block : {false, true})
      cases.push_back({join(cols, " columns", per_block ? " in blocks" : ""), [=](Ops& ops, CaseInputs& in) {
                         const CaseInputs::Quantized x = in.quantized(9, cols, per_block);
                         ops(DequantizeActivations{.q = x.q, .scales = x.scales, .x = in.zeros({9, cols})});
                       }});
  return cases;
}

template <>
std::vector<OpCase> cases_of<Absmean>() {
  struct Case {
    int64_t n, groups, first;
    float momentum;
    bool f16;
  };
  std::vector<OpCase> cases;
  for (const Case& c : {Case{1, 1, 0, 0, false}, Case{600, 1, 2, 0, false}, Case{600, 6, 1, 0.99f, false},
                        Case{64, 64, 0, 0.5f, false}, Case{1, 1, 0, 0, true}, Case{64, 64, 0, 0.5f, true}})
    cases.push_back(
        {join(c.n, " sums in ", c.groups, " groups, momentum ", c.momentum, c.f16 ? ", rounded to f16" : ""),
         [=](Ops& ops, CaseInputs& in) {
           std::vector<float> sums, alpha;
           for (int64_t i = 0; i < c.n; ++i) sums.push_back(static_cast<float>(in.below(1000)) * 0.01f);
           for (int64_t i = 0; i < c.first + c.groups; ++i) alpha.push_back(0.5f);
           alpha[static_cast<size_t>(c.first)] = 0.0f;  // not averaged with
           ops(Absmean{.sums = in.floats({c.n}, sums),
                       .alpha = in.floats({c.first + c.groups}, alpha),
                       .first = c.first,
                       .n_groups = c.groups,
                       .factor = 0.01f,
                       .momentum = c.momentum,
                       .round_to_f16 = c.f16});
         }});
  return cases;
}

template <>
std::vector<OpCase> cases_of<Ternarize>() {
  std::vector<OpCase> cases;
  for (const Parameter& p : kParameters)
    for (DType dtype : {DType::f32, DType::bf16})
      cases.push_back({join(p.text(), " ", name_of(dtype)), [=](Ops& ops, CaseInputs& in) {
                         const Weight weight = trits_of(p, in);
                         ops(Ternarize{.parameter = in.dense(p.n_matrices, p.rows, p.cols, dtype),
                                       .alpha = alpha_of(p, in),
                                       .weight = weight,
                                       .flips = in.zeros({p.n_matrices * p.rows}, DType::i32)});
                         show_trits(p, weight, ops, in);
                       }});
  cases.push_back(
      {"alpha 0: all trits 0", [](Ops& ops, CaseInputs& in) {
         const Parameter p = {1, 4, 20, 0, 1};
         const Weight weight = trits_of(p, in);
         ops(Ternarize{
             .parameter = in.dense(1, 4, 20, DType::f32), .alpha = in.zeros({1}), .weight = weight, .flips = {}});
         show_trits(p, weight, ops, in);
       }});
  return cases;
}

template <>
std::vector<OpCase> cases_of<FlipTrits>() {
  std::vector<OpCase> cases;
  for (const Parameter& p : kParameters)
    for (double size : {0.01, 1.0})
      cases.push_back({join(p.text(), " changes of ", size), [=](Ops& ops, CaseInputs& in) {
                         const Weight weight = trits_of(p, in);
                         ops(FlipTrits{.change = in.random({p.n_matrices, p.rows, p.cols}, size),
                                       .weight = weight,
                                       .flips = in.zeros({p.n_matrices * p.rows}, DType::i32),
                                       .seed = 3,
                                       .step = 7,
                                       .stream = 2});
                         show_trits(p, weight, ops, in);
                       }});
  return cases;
}

template <>
std::vector<OpCase> cases_of<FakeQuantize>() {
  std::vector<OpCase> cases;
  for (const Parameter& p : kParameters)
    for (Quantizer q : {Quantizer::ternary, Quantizer::int4, Quantizer::int5, Quantizer::int6, Quantizer::int8})
      for (DType dtype : {DType::f32, DType::bf16})
        cases.push_back(
            {join(p.text(), " ", name_of(dtype), " qmax ", static_cast<int>(q)), [=](Ops& ops, CaseInputs& in) {
               ops(FakeQuantize{.parameter = in.dense(p.n_matrices, p.rows, p.cols, dtype),
                                .alpha = q == Quantizer::ternary ? alpha_of(p, in) : Tensor(),
                                .y = in.dense(p.n_matrices, p.rows, p.cols, DType::f32),
                                .quantizer = q,
                                .group_size = p.group_size,
                                .lambda = dtype == DType::f32 ? 1.0f : 0.25f});
             }});
  return cases;
}

template <>
std::vector<OpCase> cases_of<AdamwUpdate>() {
  std::vector<OpCase> cases;
  for (const Parameter& p : kParameters)
    for (DType dtype : {DType::f32, DType::bf16})
      for (bool codes : {false, true})
        for (bool repack : {false, true})
          cases.push_back(
              {join(p.text(), " ", name_of(dtype), codes ? ", 8-bit states" : "", repack ? ", repacked" : ""),
               [=](Ops& ops, CaseInputs& in) {
                 const Shape shape = {p.n_matrices, p.rows, p.cols};
                 const Shape blocks = {p.n_matrices * p.rows, ceil_div(p.cols, 256)};
                 const Rounding rounding = codes ? Rounding::stochastic : Rounding::nearest;
                 AdamwUpdate args{.shadow = shadow_of(p, dtype, rounding, repack, in),
                                  .gradient = in.random(shape, 0.01),
                                  .m = in.zeros(shape, codes ? DType::i8 : DType::f32),
                                  .v = in.zeros(shape, codes ? DType::i8 : DType::f32),
                                  .m_scales = codes ? in.zeros(blocks) : Tensor(),
                                  .v_scales = codes ? in.zeros(blocks) : Tensor(),
                                  .learning_rate = 0.01f,
                                  .weight_decay = 0.1f,
                                  .correction1 = 10.0f,
                                  .correction2 = 20.0f,
                                  .gradient_scale = 0.5f};
                 ops(args);
                 // A second step, from states that are not zero.
                 args.gradient = in.random(shape, 0.01);
                 args.shadow.step = 4;
                 ops(args);
               }});
  return cases;
}

template <>
std::vector<OpCase> cases_of<SgdUpdate>() {
  std::vector<OpCase> cases;
  for (const Parameter& p : kParameters)
    for (DType dtype : {DType::f32, DType::bf16})
      for (bool momentum : {false, true})
        cases.push_back(
            {join(p.text(), " ", name_of(dtype), momentum ? ", momentum" : ""), [=](Ops& ops, CaseInputs& in) {
               const Shape shape = {p.n_matrices, p.rows, p.cols};
               ops(SgdUpdate{.shadow = shadow_of(p, dtype, Rounding::stochastic, momentum, in),
                             .gradient = in.random(shape, 0.1),
                             .m = momentum ? in.random(shape, 0.1) : Tensor(),
                             .learning_rate = 0.05f,
                             .momentum = momentum ? 0.9f : 0.0f,
                             .weight_decay = 0.01f,
                             .gradient_scale = 0.5f});
             }});
  return cases;
}

}  // namespace tritium::cases
