// Cases of the operations that mix tokens or experts: attention, the router, the weighted sum.
#include "selftest/op_cases.h"

namespace tritium::cases {

template <>
void cases_of<Attention>(Cases& c) {
  const auto run_over = [&c](DType dtype, const Tensor& rows, const Shape& q, const Shape& keys, int64_t value_dim,
                             int64_t window, double spread = 1.0) {
    const Tensor queries = c.random(q, spread);
    const KvCache cache = c.cache(keys, value_dim, dtype, spread);
    c.run(Attention{.q = queries,
                    .rows = rows,
                    .k_cache = cache.k,
                    .v_cache = cache.v,
                    .k_scales = cache.k_scales,
                    .v_scales = cache.v_scales,
                    .y = c.zeros({q[0], q[1], value_dim}),
                    .window = window,
                    .scale = 0.17f});
  };
  const auto run = [&](const Tensor& rows, const Shape& q, const Shape& keys, int64_t value_dim, int64_t window,
                       double spread = 1.0) { run_over(DType::f32, rows, q, keys, value_dim, window, spread); };
  for (const auto& [tokens, heads, kv_heads, key_dim, value_dim, capacity, position, window] :
       Sizes<8>{{1, 1, 1, 1, 1, 1, 0, 0},
                {1, 8, 4, 32, 32, 40, 39, 0},
                {7, 4, 2, 64, 64, 7, 0, 0},
                {5, 4, 1, 64, 64, 64, 20, 0},
                {9, 6, 3, 80, 48, 31, 13, 0},
                {36, 4, 2, 64, 64, 36, 0, 16},
                {3, 2, 2, 17, 23, 50, 40, 1},
                {4, 2, 1, 128, 128, 300, 290, 64},
                {1, 16, 4, 128, 128, 1030, 1029, 512},
                {2, 3, 3, 256, 256, 16, 5, 100}})
    if (c.next("tokens ", tokens, " at ", position, " of ", capacity, ", heads ", heads, "/", kv_heads, " of ", key_dim,
               "/", value_dim, ", window ", window))
      run(c.rows(tokens, position), {tokens, heads, key_dim}, {capacity, kv_heads, key_dim}, value_dim, window);
  for (const DType dtype : {DType::f16, DType::i8})
    for (const auto& [tokens, heads, kv_heads, key_dim, value_dim, capacity, position, window] :
         Sizes<8>{{1, 1, 1, 4, 4, 1, 0, 0},
                  {1, 8, 4, 32, 32, 40, 39, 0},
                  {9, 6, 3, 80, 48, 31, 13, 0},
                  {3, 2, 2, 20, 12, 50, 40, 7},
                  {1, 16, 4, 128, 128, 1030, 1029, 512},
                  {1, 16, 4, 64, 64, 1101, 1100, 0},
                  {1, 6, 6, 64, 64, 130, 129, 0},
                  {1, 16, 2, 128, 128, 70, 69, 0}})
      if (c.next("caches of ", name_of(dtype), ", tokens ", tokens, " at ", position, " of ", capacity, ", heads ",
                 heads, "/", kv_heads, " of ", key_dim, "/", value_dim, ", window ", window))
        run_over(dtype, c.rows(tokens, position), {tokens, heads, key_dim}, {capacity, kv_heads, key_dim}, value_dim,
                 window);
  if (c.next("3 sequences of 6 tokens, each from position 2 of 9 cache rows"))
    run(c.rows(6, 2, 3, 9), {18, 4, 32}, {27, 2, 32}, 32, 5);
  if (c.next("one token of each of 4 sequences, at positions of their own"))
    run(c.ints({4, 2}, {5, 30, 0, 0, 9, 10, 2, 20}), {4, 4, 32}, {40, 2, 32}, 32, 4);
  if (c.next("scores near 1e4: the softmax must not overflow"))
    run(c.rows(3, 9), {3, 2, 32}, {12, 2, 32}, 32, 0, 100.0);
}

template <>
void cases_of<RouteTokens>(Cases& c) {
  const auto run = [&c](const Tensor& logits, int64_t top_k, bool renormalize, float scale) {
    const Shape chosen = {logits.shape[0], top_k};
    c.run(RouteTokens{.logits = logits,
                      .expert_ids = c.zeros(chosen, DType::i32),
                      .weights = c.zeros(chosen),
                      .renormalize = renormalize,
                      .scale = scale});
  };
  for (const auto& [tokens, experts, top_k] :
       Sizes<3>{{1, 1, 1}, {5, 8, 2}, {3, 8, 8}, {17, 64, 8}, {4, 257, 8}, {2, 1000, 16}})
    for (bool renormalize : {true, false})
      if (c.next("tokens ", tokens, " experts ", experts, " top ", top_k, renormalize ? " renormalised" : ""))
        run(c.random({tokens, experts}, 3.0), top_k, renormalize, renormalize ? 1.0f : 2.5f);
  for (const auto& [tokens, experts, top_k] : Sizes<3>{{1, 1, 1}, {5, 8, 2}, {17, 64, 8}, {4, 257, 8}})
    for (bool renormalize : {true, false})
      if (c.next("tokens ", tokens, " experts ", experts, " top ", top_k, " biased",
                 renormalize ? ", renormalised" : ""))
        c.run(RouteTokens{.logits = c.random({tokens, experts}, 3.0),
                          .bias = c.random({experts}, 2.0),
                          .expert_ids = c.zeros({tokens, top_k}, DType::i32),
                          .weights = c.zeros({tokens, top_k}),
                          .renormalize = renormalize});
  if (c.next("ties go to the lowest index")) run(c.floats({2, 6}, {1, 3, 3, 3, 0, 3, 0, 0, 0, 0, 0, 0}), 3, true, 1.0f);
  if (c.next("logits of 1e30: one expert takes all"))
    run(c.floats({1, 4}, {-1e30f, 1e30f, 0.0f, 1e29f}), 2, true, 1.0f);
}

template <>
void cases_of<GroupRows>(Cases& c) {
  for (const auto& [tokens, top_k, experts, tile, lowest, names] :  // ids are lowest … lowest + names - 1
       Sizes<6>{{1, 1, 1, 1, 0, 1},
                {1, 8, 128, 64, 0, 128},
                {5, 2, 4, 3, 0, 4},
                {100, 3, 7, 16, -1, 9},
                {9, 4, 5, 2, 5, 3},
                {300, 4, 200, 8, 40, 1},
                {1000, 2, 1024, 1, -3, 1030},
                {129, 1, 129, 200, 0, 130},
                {8192, 8, 512, 64, 0, 512}})
    if (c.next("tokens ", tokens, " top ", top_k, " of ", experts, " experts, ids from ", lowest, " to ",
               lowest + names - 1, ", tiles of ", tile))
      c.run(GroupRows{.expert_ids = c.ints({tokens, top_k}, c.some_below(tokens * top_k, names, lowest)),
                      .order = c.zeros({tokens * top_k}, DType::i32),
                      .start = c.zeros({experts + 1}, DType::i32),
                      .tiles = c.zeros({GroupRows::most_tiles(tokens * top_k, experts, tile), 2}, DType::i32),
                      .tile = tile});
}

template <>
void cases_of<CombineExperts>(Cases& c) {
  for (const auto& [tokens, top_k, dim] : Sizes<3>{{1, 1, 1}, {3, 2, 64}, {7, 8, 257}, {1, 8, 2048}, {65, 3, 100}})
    if (c.next("tokens ", tokens, " top ", top_k, " dim ", dim))
      c.run(CombineExperts{
          .x = c.random({tokens * top_k, dim}), .weights = c.random({tokens, top_k}), .y = c.zeros({tokens, dim})});
}

}  // namespace tritium::cases
