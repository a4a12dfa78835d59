// Cases of the operations that multiply with weights, routed to experts and not, and of the embedding.
#include "selftest/op_cases.h"

namespace tritium::cases {
namespace {

struct Product {
  int64_t rows, out_features, cols;
  std::string text() const { return join(rows, "x", cols, " by ", out_features, "x", cols); }
};

constexpr Product kProducts[] = {{1, 1, 1},     {1, 7, 64},    {3, 5, 172},   {2, 64, 256},   {5, 131, 257},
                                 {1, 67, 1021}, {17, 97, 512}, {33, 16, 300}, {1, 300, 2048}, {70, 65, 768}};

struct Scales {
  ScaleGranularity granularity;
  int64_t group_size;
  const char* name;
};

constexpr Scales kScales[] = {
    {ScaleGranularity::tensor, 0, "scale per tensor"}, {ScaleGranularity::row, 0, "scale per row"},
    {ScaleGranularity::group, 32, "groups of 32"},     {ScaleGranularity::group, 64, "groups of 64"},
    {ScaleGranularity::group, 128, "groups of 128"},   {ScaleGranularity::group, 256, "groups of 256"}};

constexpr DType kPacked[] = {DType::q8_0, DType::q4_0, DType::q4_k, DType::q6_k};

// That number of columns, in whole blocks of the type.
int64_t whole_blocks(int64_t cols, DType dtype) { return round_up(cols, block_of(dtype).elements); }

constexpr DType kDense[] = {DType::f32, DType::f16, DType::bf16};

// Which expert each of T x k slots goes to.
struct Routing {
  const char* name;
  int64_t n_experts, tokens, top_k;
  std::vector<int32_t> (*ids)(const Routing&, CaseInputs&);
};

std::vector<int32_t> random_ids(const Routing& r, CaseInputs& in) {
  return in.some_below(r.tokens * r.top_k, r.n_experts);
}
std::vector<int32_t> last_expert(const Routing& r, CaseInputs&) {
  return std::vector<int32_t>(static_cast<size_t>(r.tokens * r.top_k), static_cast<int32_t>(r.n_experts - 1));
}
std::vector<int32_t> invalid_ids(const Routing& r, CaseInputs& in) {
  std::vector<int32_t> ids = random_ids(r, in);
  ids.front() = -1;
  ids.back() = static_cast<int32_t>(r.n_experts);
  return ids;
}

const Routing kRoutings[] = {{"one expert", 1, 4, 1, last_expert},
                             {"all tokens on one of 8 experts", 8, 9, 2, last_expert},
                             {"8 experts", 8, 7, 2, random_ids},
                             {"more experts than tokens: some get none", 64, 3, 8, random_ids},
                             {"many tokens, 5 experts", 5, 61, 3, random_ids},
                             {"ids outside the stack give zeros", 4, 5, 2, invalid_ids}};

// run(n_experts, x_rows, ids, y) for each routing, once where a token's slots share a row of x and once where each slot
// has its own.
void routed_cases(Cases& c, const std::string& prefix, auto run) {
  for (const Routing& routing : kRoutings)
    for (bool shared : {true, false}) {
      if (!c.next(prefix, routing.name, shared ? ", slots share x" : ", a row of x for each slot")) continue;
      const int64_t slots = routing.tokens * routing.top_k;
      const Tensor ids = c.ints({routing.tokens, routing.top_k}, routing.ids(routing, c));
      run(routing.n_experts, shared ? routing.tokens : slots, ids, c.zeros({slots, 37}));
    }
}

}  // namespace

template <>
void cases_of<TernaryMatmul>(Cases& c) {
  const auto run = [&c](const CaseInputs::Quantized& x, const Weight& weight, const Tensor& ids, const Tensor& y) {
    c.run(TernaryMatmul{.q = x.q, .scales = x.scales, .weight = weight, .expert_ids = ids, .y = y});
  };
  for (const Product& p : kProducts)
    for (const Scales& s : kScales)
      for (bool per_block : {false, true}) {
        if (!c.next(p.text(), ", ", s.name, per_block ? ", activations per block" : ", activations per token"))
          continue;
        const auto x = c.quantized(p.rows, p.cols, per_block);
        const Weight weight = c.ternary(1, p.out_features, p.cols, s.granularity, s.group_size);
        run(x, weight, {}, c.zeros({p.rows, p.out_features}));
      }
  for (const Scales& s : {kScales[1], kScales[3]})
    for (bool per_block : {false, true})
      routed_cases(c, join(s.name, per_block ? " per block, " : ", "),
                   [&](int64_t n_experts, int64_t x_rows, const Tensor& ids, const Tensor& y) {
                     const auto x = c.quantized(x_rows, 300, per_block);
                     run(x, c.ternary(n_experts, 37, 300, s.granularity, s.group_size), ids, y);
                   });
}

template <>
void cases_of<TernaryMatmulF32>(Cases& c) {
  for (const Product& p : kProducts)
    for (const Scales& s : {kScales[0], kScales[1], kScales[3]})
      if (c.next(p.text(), ", ", s.name))
        c.run(TernaryMatmulF32{.x = c.random({p.rows, p.cols}),
                               .weight = c.ternary(1, p.out_features, p.cols, s.granularity, s.group_size),
                               .expert_ids = {},
                               .y = c.zeros({p.rows, p.out_features})});
  routed_cases(c, "", [&](int64_t n_experts, int64_t x_rows, const Tensor& ids, const Tensor& y) {
    const Tensor x = c.random({x_rows, 300});
    const Weight weight = c.ternary(n_experts, 37, 300, ScaleGranularity::row);
    c.run(TernaryMatmulF32{.x = x, .weight = weight, .expert_ids = ids, .y = y});
  });
}

template <>
void cases_of<PackedMatmul>(Cases& c) {
  const auto run = [&c](const CaseInputs::Quantized& x, const Weight& weight, const Tensor& ids, const Tensor& y) {
    c.run(PackedMatmul{.q = x.q, .scales = x.scales, .weight = weight, .expert_ids = ids, .y = y});
  };
  for (const Product& p : kProducts)
    for (DType dtype : kPacked)
      for (bool per_block : {false, true}) {
        if (!c.next(p.text(), ", ", name_of(dtype), per_block ? ", activations per block" : ", activations per token"))
          continue;
        const int64_t cols = whole_blocks(p.cols, dtype);
        const auto x = c.quantized(p.rows, cols, per_block);
        const Weight weight = c.packed(1, p.out_features, cols, dtype);
        run(x, weight, {}, c.zeros({p.rows, p.out_features}));
      }
  for (DType dtype : kPacked)
    routed_cases(c, join(name_of(dtype), ", "),
                 [&](int64_t n_experts, int64_t x_rows, const Tensor& ids, const Tensor& y) {
                   const auto x = c.quantized(x_rows, 512, false);
                   run(x, c.packed(n_experts, 37, 512, dtype), ids, y);
                 });
}

template <>
void cases_of<PackedMatmulF32>(Cases& c) {
  for (const Product& p : kProducts)
    for (DType dtype : kPacked)
      if (c.next(p.text(), ", ", name_of(dtype))) {
        const int64_t cols = whole_blocks(p.cols, dtype);
        c.run(PackedMatmulF32{.x = c.random({p.rows, cols}),
                              .weight = c.packed(1, p.out_features, cols, dtype),
                              .expert_ids = {},
                              .y = c.zeros({p.rows, p.out_features})});
      }
  for (DType dtype : {DType::q8_0, DType::q6_k})
    routed_cases(c, join(name_of(dtype), ", "),
                 [&](int64_t n_experts, int64_t x_rows, const Tensor& ids, const Tensor& y) {
                   const Tensor x = c.random({x_rows, 256});
                   const Weight weight = c.packed(n_experts, 37, 256, dtype);
                   c.run(PackedMatmulF32{.x = x, .weight = weight, .expert_ids = ids, .y = y});
                 });
}

template <>
void cases_of<DenseMatmul>(Cases& c) {
  for (bool single : {false, true})
    for (const Product& p : kProducts)
      for (DType dtype : kDense)
        if (c.next(p.text(), single ? " single " : " ", name_of(dtype)))
          c.run(DenseMatmul{.x = c.random({p.rows, p.cols}),
                            .weight = c.dense(1, p.out_features, p.cols, dtype),
                            .expert_ids = {},
                            .y = c.zeros({p.rows, p.out_features}),
                            .single_precision = single});
  for (DType dtype : {DType::f32, DType::f16})
    routed_cases(c, join(name_of(dtype), ", "),
                 [&](int64_t n_experts, int64_t x_rows, const Tensor& ids, const Tensor& y) {
                   const Tensor x = c.random({x_rows, 75});
                   c.run(DenseMatmul{.x = x, .weight = c.dense(n_experts, 37, 75, dtype), .expert_ids = ids, .y = y});
                 });
}

template <>
void cases_of<Embedding>(Cases& c) {
  const auto run = [&c](const Weight& table) {
    const Tensor tokens = c.ints({5}, {0, 30, 7, 7, 29});
    c.run(Embedding{.table = table, .tokens = tokens, .y = c.zeros({5, table.cols})});
  };
  for (int64_t dim : {1, 5, 64, 256, 300}) {
    for (DType dtype : kDense)
      if (c.next("dim ", dim, " ", name_of(dtype))) run(c.dense(1, 31, dim, dtype));
    for (DType dtype : kPacked)
      if (c.next("dim ", dim, " ", name_of(dtype))) run(c.packed(1, 31, whole_blocks(dim, dtype), dtype));
    for (const Scales& s : kScales)
      if (c.next("dim ", dim, " ternary, ", s.name)) run(c.ternary(1, 31, dim, s.granularity, s.group_size));
  }
}

}  // namespace tritium::cases
