// Cases of the loss, the quantisers and the optimisers.
#include <numeric>
#include <span>

#include "base/checked_math.h"
#include "selftest/op_cases.h"

namespace tritium::cases {
namespace {

struct Parameter {
  int64_t n_matrices, rows, cols, group_size, n_alpha;
  std::string text() const {
    return join(n_matrices, " x ", rows, " x ", cols, ", group ", group_size, ", ", n_alpha, " alpha");
  }
  Shape shape() const { return {n_matrices, rows, cols}; }
  int64_t all_rows() const { return n_matrices * rows; }
  int64_t groups() const { return group_size > 0 ? ceil_div(cols, group_size) : 1; }
};

// What a parameter may be stored as.
constexpr DType kStored[] = {DType::f32, DType::bf16, DType::i8};
// Of updates codes come last: what a case draws goes by its number, and with another a weight may come to lie where its
// last bit decides whether it gets noise.
constexpr std::span<const DType> kUpdated[] = {std::span(kStored).first(2), std::span(kStored).last(1)};

constexpr Parameter kParameters[] = {
    {1, 1, 1, 0, 1},    {1, 5, 7, 0, 1},       {1, 64, 300, 0, 64},
    {3, 33, 129, 0, 3}, {2, 16, 256, 64, 128}, {1, 9, 520, 128, 45},
};

Weight trits_of(const Parameter& p, CaseInputs& in) {
  return in.ternary(p.n_matrices, p.rows, p.cols, p.group_size > 0 ? ScaleGranularity::group : ScaleGranularity::row,
                    p.group_size);
}

Weight dense_of(const Parameter& p, DType dtype, CaseInputs& in) {
  return in.dense(p.n_matrices, p.rows, p.cols, dtype);
}

Tensor flips_of(const Parameter& p, CaseInputs& in) { return in.zeros({p.all_rows()}, DType::i32); }

// Near the mean magnitude of CaseInputs::dense.
Tensor alpha_of(const Parameter& p, CaseInputs& in) {
  std::vector<float> values;
  for (int32_t v : in.some_below(p.n_alpha, 20)) values.push_back(0.07f + 0.001f * static_cast<float>(v));
  return in.floats({p.n_alpha}, values);
}

// What the trits are now: rows of a table of ternary weights. (One matrix: a table has no more.)
void show_trits(const Parameter& p, const Weight& weight, CaseInputs& in) {
  if (p.n_matrices > 1) return;
  std::vector<int32_t> rows(static_cast<size_t>(p.rows));
  std::iota(rows.begin(), rows.end(), 0);
  in.run(Embedding{.table = weight, .tokens = in.ints({p.rows}, rows), .y = in.zeros({p.rows, p.cols})});
}

ShadowUpdate shadow_of(const Parameter& p, DType dtype, Rounding rounding, bool repack, CaseInputs& in) {
  return {.parameter = dense_of(p, dtype, in),
          .sums = in.zeros({p.all_rows() * p.groups()}),
          .alpha = repack ? alpha_of(p, in) : Tensor(),
          .weight = repack ? trits_of(p, in) : Weight(),
          .flips = repack ? flips_of(p, in) : Tensor(),
          .group_size = p.group_size,
          .rounding = rounding,
          .seed = 7,
          .step = 3,
          .stream = 11,
          .noise_scale = repack ? 0.02f : 0.0f,
          .clip = repack ? 2.0f : 0.0f};
}

// Every other matrix was not used.
Tensor uses_of(const Parameter& p, CaseInputs& in) {
  if (p.n_matrices == 1) return {};
  std::vector<float> uses;
  for (int64_t i = 0; i < p.n_matrices; ++i) uses.push_back(i % 2 == 0 ? 0.0f : 3.0f);
  return in.floats({p.n_matrices}, uses);
}

}  // namespace

template <>
void cases_of<ExpertLoad>(Cases& c) {
  for (int64_t experts : {1, 8, 300})
    if (c.next(experts, " experts"))
      c.run(ExpertLoad{.expert_ids = c.ints({40, 2}, c.some_below(40 * 2, experts)), .load = c.zeros({experts})});
}

template <>
void cases_of<CrossEntropy>(Cases& c) {
  for (const auto& [rows, vocab, spread, gradient] : Table<int64_t, int64_t, double, bool>{
           {1, 2, 1.0, true}, {7, 259, 3.0, true}, {5, 259, 3.0, false}, {3, 5000, 1.0, true}, {4, 33, 300.0, true}}) {
    if (!c.next("rows ", rows, " vocabulary ", vocab, " spread ", spread)) continue;
    std::vector<int32_t> targets = c.some_below(rows, vocab);
    if (rows > 1) targets[1] = -1;
    c.run(CrossEntropy{.logits = c.random({rows, vocab}, spread),
                       .targets = c.ints({rows}, targets),
                       .losses = c.zeros({rows}),
                       .dlogits = gradient ? c.zeros({rows, vocab}) : Tensor(),
                       .scale = 0.125f});
  }
}

template <>
void cases_of<KlDivergence>(Cases& c) {
  for (const auto& [rows, vocab, spread, temperature, gradient] :
       Table<int64_t, int64_t, double, float, bool>{{1, 2, 1.0, 1.0f, true},
                                                    {7, 259, 3.0, 2.0f, true},
                                                    {5, 259, 3.0, 2.0f, false},
                                                    {3, 5000, 1.0, 4.0f, true},
                                                    {4, 33, 300.0, 1.0f, true}}) {
    if (!c.next("rows ", rows, " vocabulary ", vocab, " spread ", spread, " temperature ", temperature)) continue;
    std::vector<int32_t> targets(static_cast<size_t>(rows));
    if (rows > 1) targets[1] = -1;
    c.run(KlDivergence{.logits = c.random({rows, vocab}, spread),
                       .teacher = c.random({rows, vocab}, spread),
                       .targets = c.ints({rows}, targets),
                       .losses = c.zeros({rows}),
                       .dlogits = gradient ? c.random({rows, vocab}) : Tensor(),
                       .temperature = temperature,
                       .scale = 0.125f});
  }
  if (c.next("words that the teacher rules out"))
    c.run(KlDivergence{.logits = c.random({1, 4}),
                       .teacher = c.floats({1, 4}, {0.5f, -1e30f, 0.25f, -1e30f}),
                       .targets = c.ints({1}, {0}),
                       .losses = c.zeros({1}),
                       .dlogits = c.zeros({1, 4})});
  if (c.next("a student that is its teacher")) {
    const Tensor logits = c.random({2, 48}, 5.0);
    c.run(KlDivergence{.logits = logits,
                       .teacher = logits,
                       .targets = c.ints({2}, {0, 1}),
                       .losses = c.zeros({2}),
                       .dlogits = c.zeros({2, 48})});
  }
}

template <>
void cases_of<SumSquares>(Cases& c) {
  for (int64_t n : {1, 100, 5000, 300000})
    if (c.next(n, " values")) c.run(SumSquares{.x = c.random({n}), .sums = c.zeros({3}), .index = 1});
}

template <>
void cases_of<DequantizeActivations>(Cases& c) {
  for (int64_t cols : {1, 100, 256, 700})
    for (bool per_block : {false, true})
      if (c.next(cols, " columns", per_block ? " in blocks" : "")) {
        const CaseInputs::Quantized x = c.quantized(9, cols, per_block);
        c.run(DequantizeActivations{.q = x.q, .scales = x.scales, .x = c.zeros({9, cols})});
      }
}

template <>
void cases_of<Absmean>(Cases& c) {
  for (const auto& [n, groups, first, momentum, f16] :
       Table<int64_t, int64_t, int64_t, float, bool>{{1, 1, 0, 0, false},
                                                     {600, 1, 2, 0, false},
                                                     {600, 6, 1, 0.99f, false},
                                                     {64, 64, 0, 0.5f, false},
                                                     {1, 1, 0, 0, true},
                                                     {64, 64, 0, 0.5f, true}}) {
    if (!c.next(n, " sums in ", groups, " groups, momentum ", momentum, f16 ? ", rounded to f16" : "")) continue;
    std::vector<float> sums, alpha(static_cast<size_t>(first + groups), 0.5f);
    for (int32_t v : c.some_below(n, 1000)) sums.push_back(static_cast<float>(v) * 0.01f);
    alpha[static_cast<size_t>(first)] = 0.0f;  // not averaged with
    c.run(Absmean{.sums = c.floats({n}, sums),
                  .alpha = c.floats({first + groups}, alpha),
                  .first = first,
                  .n_groups = groups,
                  .factor = 0.01f,
                  .momentum = momentum,
                  .round_to_f16 = f16});
  }
}

template <>
void cases_of<Ternarize>(Cases& c) {
  const auto run = [&c](const Parameter& p, DType dtype, bool zero) {
    const Weight weight = trits_of(p, c);
    c.run(Ternarize{.parameter = dense_of(p, dtype, c),
                    .alpha = zero ? c.zeros({1}) : alpha_of(p, c),
                    .weight = weight,
                    .flips = zero ? Tensor() : flips_of(p, c)});
    show_trits(p, weight, c);
  };
  for (const Parameter& p : kParameters)
    for (DType dtype : kStored)
      if (c.next(p.text(), " ", name_of(dtype))) run(p, dtype, false);
  if (c.next("alpha 0: all trits 0")) run({1, 4, 20, 0, 1}, DType::f32, true);
  const Parameter own = {2, 9, 140, 0, 18};
  if (c.next(own.text(), " bounds of their own")) {
    const Weight weight = trits_of(own, c);
    c.run(Ternarize{.parameter = dense_of(own, DType::f32, c),
                    .alpha = alpha_of(own, c),
                    .weight = weight,
                    .flips = flips_of(own, c),
                    .bound = alpha_of(own, c)});
  }
}

template <>
void cases_of<ThresholdScales>(Cases& c) {
  for (const Parameter& p : kParameters)
    for (DType dtype : kStored)
      for (bool rounded : {false, true}) {
        if (!c.next(p.text(), " ", name_of(dtype), rounded ? " rounded" : "")) continue;
        const int64_t rows = p.n_matrices * p.rows;
        c.run(ThresholdScales{.parameter = dense_of(p, dtype, c),
                              .alpha = c.zeros({rows}),
                              .bound = c.zeros({rows}),
                              .round_to_f16 = rounded});
      }
}

template <>
void cases_of<FlipTrits>(Cases& c) {
  for (const Parameter& p : kParameters)
    for (double size : {0.01, 1.0}) {
      if (!c.next(p.text(), " changes of ", size)) continue;
      const Weight weight = trits_of(p, c);
      c.run(FlipTrits{.change = c.random(p.shape(), size),
                      .weight = weight,
                      .flips = flips_of(p, c),
                      .seed = 3,
                      .step = 7,
                      .stream = 2});
      show_trits(p, weight, c);
    }
}

template <>
void cases_of<FakeQuantize>(Cases& c) {
  for (const Parameter& p : kParameters)
    for (Quantizer q : {Quantizer::ternary, Quantizer::int4, Quantizer::int5, Quantizer::int6, Quantizer::int8})
      for (DType dtype : kStored)
        if (c.next(p.text(), " ", name_of(dtype), " qmax ", static_cast<int>(q)))
          c.run(FakeQuantize{.parameter = dense_of(p, dtype, c),
                             .alpha = alpha_of(p, c),
                             .y = dense_of(p, DType::f32, c),
                             .quantizer = q,
                             .group_size = p.group_size,
                             .lambda = dtype == DType::f32 ? 1.0f : 0.25f});
  const Parameter p = {2, 9, 140, 0, 18};
  for (Quantizer q : {Quantizer::ternary, Quantizer::int4}) {
    if (!c.next(p.text(), " of another source, qmax ", static_cast<int>(q))) continue;
    const Weight source = dense_of(p, DType::f32, c);
    c.run(FakeQuantize{.parameter = dense_of(p, DType::bf16, c),
                       .alpha = alpha_of(p, c),
                       .y = dense_of(p, DType::f32, c),
                       .quantizer = q,
                       .lambda = 0.25f,
                       .bound = q == Quantizer::ternary ? alpha_of(p, c) : Tensor(),
                       .source = source.data});
  }
  for (DType dtype : {DType::bf16, DType::i8})
    if (c.next(p.text(), " ", name_of(dtype), " without alpha: the weights as floats"))
      c.run(FakeQuantize{.parameter = dense_of(p, dtype, c), .alpha = {}, .y = dense_of(p, DType::f32, c)});
}

template <>
void cases_of<IntegerScales>(Cases& c) {
  for (const auto& [rows, cols, group] : Table<int64_t, int64_t, int64_t>{
           {1, 1, 0}, {5, 7, 0}, {9, 300, 0}, {3, 129, 64}, {4, 256, 32}, {2, 2600, 0}, {2, 2600, 1280}})
    for (Quantizer q : {Quantizer::int4, Quantizer::int8})
      for (DType dtype : kStored)
        for (bool search : {false, true}) {
          if (!c.next(rows, " x ", cols, ", group ", group, " ", name_of(dtype), " qmax ", static_cast<int>(q),
                      search ? ", clip search" : ""))
            continue;
          c.run(IntegerScales{.parameter = c.dense(1, rows, cols, dtype),
                              .alpha = c.zeros({rows * (group > 0 ? ceil_div(cols, group) : 1)}),
                              .quantizer = q,
                              .group_size = group,
                              .clip_search = search,
                              .round_to_f16 = dtype == DType::bf16});
        }
}

template <>
void cases_of<Prune>(Cases& c) {
  for (const Parameter& p : kParameters)
    for (DType dtype : kStored)
      for (int64_t pruned : {int64_t{0}, p.cols / 3, p.cols - 1})
        if (c.next(p.text(), " ", name_of(dtype), " without ", pruned))
          c.run(Prune{.parameter = dense_of(p, dtype, c), .y = dense_of(p, DType::f32, c), .n_pruned = pruned});
}

template <>
void cases_of<SparseSigns>(Cases& c) {
  for (const auto& [matrices, rows, cols, group] :
       Table<int64_t, int64_t, int64_t, int64_t>{{1, 1, 64, 0}, {1, 5, 256, 0}, {2, 3, 768, 256}, {1, 2, 1280, 64}})
    for (DType dtype : kStored) {
      if (!c.next(matrices, " x ", rows, " x ", cols, ", group ", group, " ", name_of(dtype))) continue;
      c.run(SparseSigns{.parameter = c.dense(matrices, rows, cols, dtype),
                        .y = c.dense(matrices, rows, cols, DType::f32),
                        .alpha = c.zeros({matrices * rows * (group > 0 ? cols / group : 1)}),
                        .group_size = group,
                        .round_to_f16 = dtype == DType::bf16});
    }
}

template <>
void cases_of<AdamwUpdate>(Cases& c) {
  for (const auto types : kUpdated)
    for (const Parameter& p : kParameters)
      for (DType dtype : types)
        for (bool codes : {false, true})
          for (bool repack : {false, true}) {
            if (!c.next(p.text(), " ", name_of(dtype), codes ? ", 8-bit states" : "", repack ? ", repacked" : ""))
              continue;
            const Shape blocks = {p.all_rows(), ceil_div(p.cols, 256)};
            const DType state = codes ? DType::i8 : DType::f32;
            AdamwUpdate update{
                .shadow = shadow_of(p, dtype, codes ? Rounding::stochastic : Rounding::nearest, repack, c),
                .gradient = c.random(p.shape(), 0.01),
                .m = c.zeros(p.shape(), state),
                .v = c.zeros(p.shape(), state),
                .m_scales = codes ? c.zeros(blocks) : Tensor(),
                .v_scales = codes ? c.zeros(blocks) : Tensor(),
                .learning_rate = 0.01f,
                .weight_decay = 0.1f,
                .correction1 = 10.0f,
                .correction2 = 20.0f,
                .gradient_scale = 0.5f};
            c.run(update);
            // A second step, from states that are not zero.
            update.gradient = c.random(p.shape(), 0.01);
            update.shadow.uses = uses_of(p, c);
            update.shadow.step = 4;
            c.run(update);
          }
}

template <>
void cases_of<SgdUpdate>(Cases& c) {
  for (const auto types : kUpdated)
    for (const Parameter& p : kParameters)
      for (DType dtype : types)
        for (bool momentum : {false, true})
          if (c.next(p.text(), " ", name_of(dtype), momentum ? ", momentum" : "")) {
            SgdUpdate update{.shadow = shadow_of(p, dtype, Rounding::stochastic, momentum, c),
                             .gradient = c.random(p.shape(), 0.1),
                             .m = momentum ? c.random(p.shape(), 0.1) : Tensor(),
                             .learning_rate = 0.05f,
                             .momentum = momentum ? 0.9f : 0.0f,
                             .weight_decay = 0.01f,
                             .gradient_scale = 0.5f};
            if (momentum) update.shadow.uses = uses_of(p, c);
            c.run(update);
          }
}

template <>
void cases_of<FactoredDirection>(Cases& c) {
  for (const auto& [n, rows, cols, spread] : Table<int64_t, int64_t, int64_t, double>{
           {1, 1, 1, 1.0}, {1, 5, 7, 1e-3}, {1, 1, 300, 10.0}, {4, 33, 129, 0.01}, {2, 200, 20, 1e-6}}) {
    if (!c.next(n, " x ", rows, " x ", cols, ", gradients of ", spread)) continue;
    FactoredDirection direction{.gradient = c.random({n, rows, cols}, spread),
                                .row_squares = c.zeros({n, rows}),
                                .col_squares = c.zeros({n, cols}),
                                .correction2 = 20.0f,
                                .gradient_scale = 0.5f};
    c.run(direction);
    // A second step with other gradients, of the first matrix alone.
    std::vector<float> values(static_cast<size_t>(n * rows * cols));
    const std::vector<int32_t> some = c.some_below(rows * cols, 200, -100);
    for (size_t i = 0; i < some.size(); ++i) values[i] = static_cast<float>(some[i] * spread / 20.0);
    direction.gradient = c.floats({n, rows, cols}, values);
    c.run(direction);
  }
}

}  // namespace tritium::cases
