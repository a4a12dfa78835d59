// Cases of the operations that mix tokens or experts: attention, the router, the weighted sum.
#include "base/format_text.h"
#include "selftest/op_cases.h"

namespace tritium::cases {

template <>
std::vector<OpCase> cases_of<Attention>() {
  struct Case {
    int64_t tokens, heads, kv_heads, key_dim, value_dim, capacity, position, window;
  };
  std::vector<OpCase> cases;
  for (const Case& c :
       {Case{1, 1, 1, 1, 1, 1, 0, 0}, Case{1, 8, 4, 32, 32, 40, 39, 0}, Case{7, 4, 2, 64, 64, 7, 0, 0},
        Case{5, 4, 1, 64, 64, 64, 20, 0}, Case{9, 6, 3, 80, 48, 31, 13, 0}, Case{36, 4, 2, 64, 64, 36, 0, 16},
        Case{3, 2, 2, 17, 23, 50, 40, 1}, Case{4, 2, 1, 128, 128, 300, 290, 64},
        Case{1, 16, 4, 128, 128, 1030, 1029, 512}, Case{2, 3, 3, 256, 256, 16, 5, 100}})
    cases.push_back({join("tokens ", c.tokens, " at ", c.position, " of ", c.capacity, ", heads ", c.heads, "/",
                          c.kv_heads, " of ", c.key_dim, "/", c.value_dim, ", window ", c.window),
                     [=](Ops& ops, CaseInputs& in) {
                       ops(Attention{.q = in.random({c.tokens, c.heads, c.key_dim}),
                                     .rows = in.rows(c.tokens, c.position),
                                     .k_cache = in.random({c.capacity, c.kv_heads, c.key_dim}),
                                     .v_cache = in.random({c.capacity, c.kv_heads, c.value_dim}),
                                     .y = in.zeros({c.tokens, c.heads, c.value_dim}),
                                     .window = c.window,
                                     .scale = 0.17f});
                     }});
  cases.push_back({"3 sequences of 6 tokens, each from position 2 of 9 cache rows", [](Ops& ops, CaseInputs& in) {
                     ops(Attention{.q = in.random({18, 4, 32}),
                                   .rows = in.rows(6, 2, 3, 9),
                                   .k_cache = in.random({27, 2, 32}),
                                   .v_cache = in.random({27, 2, 32}),
                                   .y = in.zeros({18, 4, 32}),
                                   .window = 5,
                                   .scale = 0.17f});
                   }});
  cases.push_back({"one token of each of 4 sequences, at positions of their own", [](Ops& ops, CaseInputs& in) {
                     ops(Attention{.q = in.random({4, 4, 32}),
                                   .rows = in.ints({4, 2}, {5, 30, 0, 0, 9, 10, 2, 20}),
                                   .k_cache = in.random({40, 2, 32}),
                                   .v_cache = in.random({40, 2, 32}),
                                   .y = in.zeros({4, 4, 32}),
                                   .window = 4,
                                   .scale = 0.17f});
                   }});
  cases.push_back({"scores near 1e4: the softmax must not overflow", [](Ops& ops, CaseInputs& in) {
                     ops(Attention{.q = in.random({3, 2, 32}, 100.0),
                                   .rows = in.rows(3, 9),
                                   .k_cache = in.random({12, 2, 32}, 100.0),
                                   .v_cache = in.random({12, 2, 32}),
                                   .y = in.zeros({3, 2, 32}),
                                   .window = 0,
                                   .scale = 0.17f});
                   }});
  return cases;
}

template <>
std::vector<OpCase> cases_of<RouteTokens>() {
  struct Case {
    int64_t tokens, experts, top_k;
  };
  std::vector<OpCase> cases;
  for (const Case& c :
       {Case{1, 1, 1}, Case{5, 8, 2}, Case{3, 8, 8}, Case{17, 64, 8}, Case{4, 257, 8}, Case{2, 1000, 16}})
    for (bool renormalize : {true, false})
      cases.push_back(
          {join("tokens ", c.tokens, " experts ", c.experts, " top ", c.top_k, renormalize ? " renormalised" : ""),
           [=](Ops& ops, CaseInputs& in) {
             ops(RouteTokens{.logits = in.random({c.tokens, c.experts}, 3.0),
                             .expert_ids = in.zeros({c.tokens, c.top_k}, DType::i32),
                             .weights = in.zeros({c.tokens, c.top_k}),
                             .renormalize = renormalize,
                             .scale = renormalize ? 1.0f : 2.5f});
           }});
  cases.push_back({"ties go to the lowest index", [](Ops& ops, CaseInputs& in) {
                     ops(RouteTokens{.logits = in.floats({2, 6}, {1, 3, 3, 3, 0, 3, 0, 0, 0, 0, 0, 0}),
                                     .expert_ids = in.zeros({2, 3}, DType::i32),
                                     .weights = in.zeros({2, 3})});
                   }});
  cases.push_back({"logits of 1e30: one expert takes all", [](Ops& ops, CaseInputs& in) {
                     ops(RouteTokens{.logits = in.floats({1, 4}, {-1e30f, 1e30f, 0.0f, 1e29f}),
                                     .expert_ids = in.zeros({1, 2}, DType::i32),
                                     .weights = in.zeros({1, 2})});
                   }});
  return cases;
}

template <>
std::vector<OpCase> cases_of<GroupRows>() {
  struct Case {
    int64_t tokens, top_k, experts, tile;
    int64_t lowest, names;  // ids are lowest … lowest + names - 1
  };
  std::vector<OpCase> cases;
  for (const Case& c :
       {Case{1, 1, 1, 1, 0, 1}, Case{1, 8, 128, 64, 0, 128}, Case{5, 2, 4, 3, 0, 4}, Case{100, 3, 7, 16, -1, 9},
        Case{9, 4, 5, 2, 5, 3}, Case{300, 4, 200, 8, 40, 1}, Case{1000, 2, 1024, 1, -3, 1030},
        Case{129, 1, 129, 200, 0, 130}, Case{8192, 8, 512, 64, 0, 512}})
    cases.push_back({join("tokens ", c.tokens, " top ", c.top_k, " of ", c.experts, " experts, ids from ", c.lowest,
                          " to ", c.lowest + c.names - 1, ", tiles of ", c.tile),
                     [=](Ops& ops, CaseInputs& in) {
                       std::vector<int32_t> ids(static_cast<size_t>(c.tokens * c.top_k));
                       for (int32_t& id : ids) id = static_cast<int32_t>(c.lowest + in.below(c.names));
                       const int64_t n_tiles = GroupRows::most_tiles(c.tokens * c.top_k, c.experts, c.tile);
                       ops(GroupRows{.expert_ids = in.ints({c.tokens, c.top_k}, ids),
                                     .order = in.zeros({c.tokens * c.top_k}, DType::i32),
                                     .start = in.zeros({c.experts + 1}, DType::i32),
                                     .tiles = in.zeros({n_tiles, 2}, DType::i32),
                                     .tile = c.tile});
                     }});
  return cases;
}

template <>
std::vector<OpCase> cases_of<CombineExperts>() {
  struct Case {
    int64_t tokens, top_k, dim;
  };
  std::vector<OpCase> cases;
  for (const Case& c : {Case{1, 1, 1}, Case{3, 2, 64}, Case{7, 8, 257}, Case{1, 8, 2048}, Case{65, 3, 100}})
    cases.push_back({join("tokens ", c.tokens, " top ", c.top_k, " dim ", c.dim), [=](Ops& ops, CaseInputs& in) {
                       ops(CombineExperts{.x = in.random({c.tokens * c.top_k, c.dim}),
                                          .weights = in.random({c.tokens, c.top_k}),
                                          .y = in.zeros({c.tokens, c.dim})});
                     }});
  return cases;
}

}  // namespace tritium::cases
