// Cases of the operations that stand for several: shapes of tokens, layers of experts and dense ones.
#include "selftest/op_cases.h"

namespace tritium::cases {
namespace {

struct Scales {
  ScaleGranularity granularity;
  int64_t group_size;
  const char* name;
};
constexpr Scales kScales[] = {{ScaleGranularity::row, 0, "a scale a row"},
                              {ScaleGranularity::tensor, 0, "a scale a tensor"},
                              {ScaleGranularity::group, 128, "groups of 128"},
                              {ScaleGranularity::group, 32, "groups of 32"}};

// What splits may have found: sums of exponentials are at least 1, or 0 of a split without keys.
Tensor parts(Cases& c, int64_t heads, int64_t splits, int64_t value_dim) {
  std::vector<float> values;
  for (int64_t i = 0; i < heads * splits; ++i) {
    const bool empty = splits > 2 && i % splits == splits - 1;
    for (int64_t d = 0; d < value_dim + 2; ++d) {
      const float value = static_cast<float>(c.below(4000) - 2000) / 500.0f;
      values.push_back(empty ? 0.0f : d == value_dim + 1 ? 5.0f + value : value);
    }
  }
  return c.floats({heads, splits, value_dim + 2}, values);
}

}  // namespace

template <>
void cases_of<NormQkv>(Cases& c) {
  struct Shape3 {
    int64_t rows, dim;
    std::array<int64_t, 3> out;
  };
  for (const Shape3& s : {Shape3{1, 64, {64, 0, 0}}, Shape3{1, 2048, {300, 70, 65}}, Shape3{3, 300, {33, 129, 0}},
                          Shape3{1, 2560, {2560, 640, 640}}})
    for (const Scales& scales : kScales)
      for (const bool with_branch : {true, false})
        for (const bool with_norm : {true, false}) {
          if (!c.next(s.rows, "x", s.dim, " by ", s.out[0], ", ", s.out[1], ", ", s.out[2], ", ", scales.name,
                      with_branch ? ", branch" : "", with_norm ? ", norm" : ""))
            continue;
          const auto weight = [&](size_t i) {
            return s.out[i] > 0 ? c.ternary(1, s.out[i], s.dim, scales.granularity, scales.group_size) : Weight();
          };
          const auto y = [&](size_t i) { return s.out[i] > 0 ? c.zeros({s.rows, s.out[i]}) : Tensor(); };
          NormQkv op = {.x = c.random({s.rows, s.dim}),
                        .weight_0 = weight(0),
                        .weight_1 = weight(1),
                        .weight_2 = weight(2),
                        .y_0 = y(0),
                        .y_1 = y(1),
                        .y_2 = y(2)};
          if (with_branch) op.branch = c.random({s.rows, s.dim}), op.sum = c.zeros({s.rows, s.dim});
          if (with_norm) op.norm = c.random({s.dim});
          c.run(op);
        }
}

template <>
void cases_of<NormRouter>(Cases& c) {
  for (const auto& [rows, dim, experts] : Sizes<3>{{1, 64, 4}, {1, 2048, 256}, {2, 300, 7}, {1, 172, 130}})
    for (const DType dtype : {DType::f32, DType::f16, DType::bf16})
      for (const bool with_branch : {true, false}) {
        if (!c.next(rows, "x", dim, ", ", experts, " experts, ", name_of(dtype), with_branch ? ", branch" : ""))
          continue;
        NormRouter op = {.x = c.random({rows, dim}),
                         .norm = c.random({dim}),
                         .router = c.dense(1, experts, dim, dtype),
                         .q = c.zeros({rows, round_up(dim, TernaryMatrix::kRowAlign)}, DType::i8),
                         .scales = c.zeros({rows, 1}),
                         .logits = c.zeros({rows, experts})};
        if (with_branch) op.branch = c.random({rows, dim}), op.sum = c.zeros({rows, dim});
        c.run(op);
      }
}

template <>
void cases_of<NormRows>(Cases& c) {
  for (const auto& [rows, dim] : Sizes<2>{{1, 1}, {1, 64}, {1, 2048}, {37, 300}, {2, 20001}})
    for (const bool with_branch : {true, false})
      for (const auto& [wanted, floats, codes] :
           Table<const char*, bool, bool>{{"floats", true, false}, {"codes", false, true}, {"both", true, true}}) {
        if (!c.next(rows, "x", dim, ", ", wanted, with_branch ? ", branch" : "")) continue;
        NormRows op = {.x = c.random({rows, dim}), .norm = c.random({dim})};
        if (with_branch) op.branch = c.random({rows, dim}), op.sum = c.zeros({rows, dim});
        if (floats) op.y = c.zeros({rows, dim});
        if (codes)
          op.q = c.zeros({rows, round_up(dim, TernaryMatrix::kRowAlign)}, DType::i8), op.scales = c.zeros({rows, 1});
        c.run(op);
      }
}

template <>
void cases_of<ExpertGateUp>(Cases& c) {
  for (const auto& [experts, k, width, dim] :
       Sizes<4>{{1, 1, 32, 64}, {8, 2, 37, 300}, {256, 8, 64, 256}, {130, 6, 70, 512}, {512, 10, 16, 64}})
    for (const Scales& scales : kScales)
      for (const bool biased : {false, true}) {
        if (!c.next(k, " of ", experts, " experts, ", width, "x", dim, ", ", scales.name, biased ? ", bias" : ""))
          continue;
        const auto x = c.quantized(1, dim, false);
        ExpertGateUp op = {.q = x.q,
                           .scales = x.scales,
                           .logits = c.random({1, experts}),
                           .gate_weight = c.ternary(experts, width, dim, scales.granularity, scales.group_size),
                           .up_weight = c.ternary(experts, width, dim, scales.granularity, scales.group_size),
                           .expert_ids = c.zeros({1, k}, DType::i32),
                           .weights = c.zeros({1, k}),
                           .gate = c.zeros({k, width}),
                           .up = c.zeros({k, width}),
                           .renormalize = !biased,
                           .scale = biased ? 2.5f : 1.0f};
        if (biased) op.bias = c.random({experts});
        c.run(op);
      }
}

template <>
void cases_of<ExpertDown>(Cases& c) {
  struct Layer {
    int64_t experts, k, width, dim;
    bool routed;
  };
  for (const Layer& l : {Layer{1, 1, 64, 64, false}, Layer{1, 1, 6912, 130, false}, Layer{8, 2, 300, 37, true},
                         Layer{64, 8, 512, 256, true}})
    for (const Scales& scales : kScales)
      for (const GateActivation activation : {GateActivation::silu, GateActivation::relu2})
        for (const bool plain : {true, false}) {
          if (!c.next(l.k, " of ", l.experts, " experts, ", l.width, " to ", l.dim, ", ", scales.name, ", activation ",
                      static_cast<int>(activation), plain ? "" : ", norm and clamp"))
            continue;
          ExpertDown op = {.gate = c.random({l.k, l.width}),
                           .up = c.random({l.k, l.width}),
                           .weight = c.ternary(l.experts, l.dim, l.width, scales.granularity, scales.group_size),
                           .y = c.zeros({1, l.dim}),
                           .activation = activation,
                           .clamp = plain ? 0.0f : 1.5f};
          if (!plain) op.norm = c.random({l.width});
          if (l.routed) {
            op.expert_ids = c.ints({1, l.k}, c.some_below(l.k, l.experts));
            op.weights = c.random({1, l.k});
          }
          c.run(op);
        }
}

template <>
void cases_of<AttentionStep>(Cases& c) {
  struct Heads {
    int64_t n, kv, key_dim, value_dim;
  };
  struct Step {
    int64_t position, capacity, splits, window;
  };
  for (const Heads& h : {Heads{1, 1, 16, 16}, Heads{8, 2, 128, 128}, Heads{6, 3, 48, 40}, Heads{4, 1, 64, 200}})
    for (const Step& s : {Step{0, 8, 1, 0}, Step{0, 8, 3, 0}, Step{299, 400, 1, 0}, Step{299, 300, 5, 0},
                          Step{200, 300, 4, 70}, Step{11, 16, 16, 0}})
      for (const DType dtype : {DType::f32, DType::f16, DType::i8})
        for (const int treatment : {0, 1, 2, 3}) {  // nothing, rotated, normed before, normed after
          if (!c.next(h.n, " on ", h.kv, " heads of ", h.key_dim, " and ", h.value_dim, ", position ", s.position, ", ",
                      s.splits, " splits, window ", s.window, ", ", name_of(dtype), ", treatment ", treatment))
            continue;
          const KvCache cache = c.cache({s.capacity, h.kv, h.key_dim}, h.value_dim, dtype);
          AttentionStep op = {.q = c.random({1, h.n, h.key_dim}),
                              .k = c.random({1, h.kv, h.key_dim}),
                              .v = c.random({1, h.kv, h.value_dim}),
                              .rows = c.rows(1, s.position),
                              .k_cache = cache.k,
                              .v_cache = cache.v,
                              .k_scales = cache.k_scales,
                              .v_scales = cache.v_scales,
                              .parts = c.zeros({h.n, s.splits, h.value_dim + 2}),
                              .norm_after_rope = treatment == 3,
                              .window = s.window,
                              .split_keys = ceil_div(s.capacity, s.splits),
                              .scale = 0.2f};
          if (treatment > 0) op.cos_sin = c.random({s.capacity, h.key_dim / 4, 2});
          if (treatment > 1) op.q_norm = c.random({h.key_dim}), op.k_norm = c.random({h.key_dim});
          c.run(op);
        }
}

template <>
void cases_of<MergeSplits>(Cases& c) {
  for (const auto& [heads, splits, value_dim] : Sizes<3>{{1, 1, 1}, {16, 32, 128}, {7, 3, 200}})
    if (c.next(heads, " heads, ", splits, " splits, ", value_dim, " values"))
      c.run(MergeSplits{.parts = parts(c, heads, splits, value_dim), .y = c.zeros({1, heads, value_dim})});
}

template <>
void cases_of<MergeOutput>(Cases& c) {
  for (const auto& [heads, splits, value_dim, rows] : Sizes<4>{{1, 1, 64, 3}, {16, 32, 128, 300}, {6, 3, 40, 130}})
    for (const Scales& scales : kScales)
      for (const bool with_norm : {true, false}) {
        if (!c.next(heads, " heads, ", splits, " splits, ", value_dim, " values to ", rows, ", ", scales.name,
                    with_norm ? ", norm" : ""))
          continue;
        const int64_t cols = heads * value_dim;
        MergeOutput op = {.parts = parts(c, heads, splits, value_dim),
                          .weight = c.ternary(1, rows, cols, scales.granularity, scales.group_size),
                          .y = c.zeros({1, rows})};
        if (with_norm) op.norm = c.random({cols});
        c.run(op);
      }
}

}  // namespace tritium::cases
