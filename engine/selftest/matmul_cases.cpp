// Cases of the operations that multiply with weights, routed to experts and not, and of the embedding.
#include "base/format_text.h"
#include "selftest/op_cases.h"

namespace tritium::cases {
namespace {

struct Product {
  int64_t rows, out_features, cols;
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

// Which expert each of T x k slots goes to.
struct Routing {
  const char* name;
  int64_t n_experts, tokens, top_k;
  std::vector<int32_t> (*ids)(const Routing&, CaseInputs&);
};

std::vector<int32_t> random_ids(const Routing& r, CaseInputs& in) {
  std::vector<int32_t> ids(static_cast<size_t>(r.tokens * r.top_k));
  for (int32_t& id : ids) id = static_cast<int32_t>(in.below(r.n_experts));
  return ids;
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

// Adds, for each routing, the case where a token's slots share a row of x and the one where each slot has its own.
template <typename Run>
void add_routed(std::vector<OpCase>& cases, const std::string& prefix, Run run) {
  for (const Routing& routing : kRoutings)
    for (bool shared : {true, false})
      cases.push_back({join(prefix, routing.name, shared ? ", slots share x" : ", a row of x for each slot"),
                       [=](Ops& ops, CaseInputs& in) {
                         const int64_t slots = routing.tokens * routing.top_k;
                         const Tensor ids = in.ints({routing.tokens, routing.top_k}, routing.ids(routing, in));
                         run(ops, in, routing.n_experts, shared ? routing.tokens : slots, ids, in.zeros({slots, 37}));
                       }});
}

}  // namespace

template <>
std::vector<OpCase> cases_of<TernaryMatmul>() {
  std::vector<OpCase> cases;
  for (const Product& p : kProducts)
    for (const Scales& s : kScales)
      for (bool per_block : {false, true})
        cases.push_back(
            {join(p.rows, "x", p.cols, " by ", p.out_features, "x", p.cols, ", ", s.name,
                  per_block ? ", activations per block" : ", activations per token"),
             [=](Ops& ops, CaseInputs& in) {
               const auto x = in.quantized(p.rows, p.cols, per_block);
               ops(TernaryMatmul{.q = x.q,
                                 .scales = x.scales,
                                 .weight = in.ternary(1, p.out_features, p.cols, s.granularity, s.group_size),
                                 .expert_ids = {},
                                 .y = in.zeros({p.rows, p.out_features})});
             }});
  for (const Scales& s : {kScales[1], kScales[3]})
    for (bool per_block : {false, true})
      add_routed(cases, join(s.name, per_block ? " per block, " : ", "),
                 [=](Ops& ops, CaseInputs& in, int64_t n_experts, int64_t x_rows, const Tensor& ids, const Tensor& y) {
                   const auto x = in.quantized(x_rows, 300, per_block);
                   ops(TernaryMatmul{.q = x.q,
                                     .scales = x.scales,
                                     .weight = in.ternary(n_experts, 37, 300, s.granularity, s.group_size),
                                     .expert_ids = ids,
                                     .y = y});
                 });
  return cases;
}

template <>
std::vector<OpCase> cases_of<TernaryMatmulF32>() {
  std::vector<OpCase> cases;
  for (const Product& p : kProducts)
    for (const Scales& s : {kScales[0], kScales[1], kScales[3]})
      cases.push_back(
          {join(p.rows, "x", p.cols, " by ", p.out_features, "x", p.cols, ", ", s.name), [=](Ops& ops, CaseInputs& in) {
             ops(TernaryMatmulF32{.x = in.random({p.rows, p.cols}),
                                  .weight = in.ternary(1, p.out_features, p.cols, s.granularity, s.group_size),
                                  .expert_ids = {},
                                  .y = in.zeros({p.rows, p.out_features})});
           }});
  add_routed(cases, "",
             [](Ops& ops, CaseInputs& in, int64_t n_experts, int64_t x_rows, const Tensor& ids, const Tensor& y) {
               ops(TernaryMatmulF32{.x = in.random({x_rows, 300}),
                                    .weight = in.ternary(n_experts, 37, 300, ScaleGranularity::row),
                                    .expert_ids = ids,
                                    .y = y});
             });
  return cases;
}

template <>
std::vector<OpCase> cases_of<DenseMatmul>() {
  std::vector<OpCase> cases;
  for (const Product& p : kProducts)
    for (DType dtype : {DType::f32, DType::f16, DType::bf16})
      cases.push_back({join(p.rows, "x", p.cols, " by ", p.out_features, "x", p.cols, " ", name_of(dtype)),
                       [=](Ops& ops, CaseInputs& in) {
                         ops(DenseMatmul{.x = in.random({p.rows, p.cols}),
                                         .weight = in.dense(1, p.out_features, p.cols, dtype),
                                         .expert_ids = {},
                                         .y = in.zeros({p.rows, p.out_features})});
                       }});
  for (const Product& p : kProducts)
    for (DType dtype : {DType::f32, DType::f16, DType::bf16})
      cases.push_back({join(p.rows, "x", p.cols, " by ", p.out_features, "x", p.cols, " single ", name_of(dtype)),
                       [=](Ops& ops, CaseInputs& in) {
                         ops(DenseMatmul{.x = in.random({p.rows, p.cols}),
                                         .weight = in.dense(1, p.out_features, p.cols, dtype),
                                         .expert_ids = {},
                                         .y = in.zeros({p.rows, p.out_features}),
                                         .single_precision = true});
                       }});
  for (DType dtype : {DType::f32, DType::f16})
    add_routed(
        cases, join(name_of(dtype), ", "),
        [=](Ops& ops, CaseInputs& in, int64_t n_experts, int64_t x_rows, const Tensor& ids, const Tensor& y) {
          ops(DenseMatmul{
              .x = in.random({x_rows, 75}), .weight = in.dense(n_experts, 37, 75, dtype), .expert_ids = ids, .y = y});
        });
  return cases;
}

template <>
std::vector<OpCase> cases_of<Embedding>() {
  std::vector<OpCase> cases;
  const std::vector<int32_t> tokens = {0, 30, 7, 7, 29};
  for (int64_t dim : {1, 5, 64, 256, 300}) {
    for (DType dtype : {DType::f32, DType::f16, DType::bf16})
      cases.push_back({join("dim ", dim, " ", name_of(dtype)), [=](Ops& ops, CaseInputs& in) {
                         ops(Embedding{.table = in.dense(1, 31, dim, dtype),
                                       .tokens = in.ints({5}, tokens),
                                       .y = in.zeros({5, dim})});
                       }});
    for (const Scales& s : kScales)
      cases.push_back({join("dim ", dim, " ternary, ", s.name), [=](Ops& ops, CaseInputs& in) {
                         ops(Embedding{.table = in.ternary(1, 31, dim, s.granularity, s.group_size),
                                       .tokens = in.ints({5}, tokens),
                                       .y = in.zeros({5, dim})});
                       }});
  }
  return cases;
}

}  // namespace tritium::cases
