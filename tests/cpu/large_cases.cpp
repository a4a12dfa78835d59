#include "tests/cpu/large_cases.h"

#include <cmath>
#include <cstring>
#include <utility>

#include "base/format_text.h"
#include "tensor/half.h"

namespace tritium {
namespace {

using cases::CaseInputs;

// All codes the smallest or the largest, and all activations: sums of products are as large as they can be.
void add_extremes(std::vector<LargeCase>& all) {
  constexpr int64_t kRows = 33, kCols = 512;
  for (DType dtype : {DType::q8_0, DType::q4_0, DType::q4_k, DType::q6_k})
    for (int code : {0, 255})
      for (int8_t x : {int8_t{-127}, int8_t{127}})
        all.push_back({join("packed_matmul ", name_of(dtype), " of bytes ", code, " and ", int{x}),
                       [=](Ops& ops, CaseInputs& in) {
                         DenseMatrix matrix{.rows = kRows, .cols = kCols, .dtype = dtype, .bytes = {}};
                         matrix.bytes.assign(static_cast<size_t>(kRows * bytes_of(dtype, kCols)), std::byte(code));
                         const auto block = static_cast<size_t>(block_of(dtype).bytes);
                         const uint16_t step = f32_to_f16(0.01f);
                         for (size_t at = 0; at < matrix.bytes.size(); at += block) {
                           std::memcpy(&matrix.bytes[at + (dtype == DType::q6_k ? 208 : 0)], &step, 2);
                           if (dtype == DType::q4_k) std::memcpy(&matrix.bytes[at + 2], &step, 2);
                         }
                         const Result<Weight> weight = ops.backend().upload_weight(matrix, "extreme");
                         if (!weight.ok()) return ops.fail(weight.status());
                         const Tensor q = in.zeros({3, kCols}, DType::i8);
                         const std::vector<int8_t> codes(3 * kCols, x);
                         ops.upload(q, std::as_bytes(std::span(codes)));
                         ops(PackedMatmul{.q = q,
                                          .scales = in.floats({3, 1}, {1, 0.5f, -2}),
                                          .weight = *weight,
                                          .expert_ids = {},
                                          .y = in.zeros({3, kRows})});
                       }});
}

// Every width a panel of activations can have, and what is left over; rows and columns that fill no block.
void add_products(std::vector<LargeCase>& all) {
  for (int64_t tokens : {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 25, 31})
    for (int64_t group : {0, 16, 64, 256})
      for (bool per_block : {false, true})
        all.push_back({join("ternary_matmul tokens ", tokens, " group ", group, per_block ? " per block" : ""),
                       [=](Ops& ops, CaseInputs& in) {
                         const auto x = in.quantized(tokens, 1021, per_block);
                         const auto granularity = group ? ScaleGranularity::group : ScaleGranularity::row;
                         ops(TernaryMatmul{.q = x.q,
                                           .scales = x.scales,
                                           .weight = in.ternary(1, 331, 1021, granularity, group),
                                           .expert_ids = {},
                                           .y = in.zeros({tokens, 331})});
                       }});
  all.push_back({"ternary_matmul, one long row", [](Ops& ops, CaseInputs& in) {
                   const auto x = in.quantized(2, 70001, false);
                   ops(TernaryMatmul{.q = x.q,
                                     .scales = x.scales,
                                     .weight = in.ternary(1, 3, 70001, ScaleGranularity::row),
                                     .expert_ids = {},
                                     .y = in.zeros({2, 3})});
                 }});
  for (int64_t tokens : {1, 5, 9})
    all.push_back({join("ternary_matmul_f32 tokens ", tokens), [=](Ops& ops, CaseInputs& in) {
                     ops(TernaryMatmulF32{.x = in.random({tokens, 1021}),
                                          .weight = in.ternary(1, 331, 1021, ScaleGranularity::group, 64),
                                          .expert_ids = {},
                                          .y = in.zeros({tokens, 331})});
                   }});
  for (int64_t tokens : {1, 2, 3, 4, 5, 6, 7, 8, 9, 21})
    for (DType dtype : {DType::q8_0, DType::q4_0, DType::q4_k, DType::q6_k})
      for (bool per_block : {false, true})
        all.push_back({join("packed_matmul ", name_of(dtype), " tokens ", tokens, per_block ? " per block" : ""),
                       [=](Ops& ops, CaseInputs& in) {
                         const auto x = in.quantized(tokens, 1024, per_block);
                         ops(PackedMatmul{.q = x.q,
                                          .scales = x.scales,
                                          .weight = in.packed(1, 107, 1024, dtype),
                                          .expert_ids = {},
                                          .y = in.zeros({tokens, 107})});
                       }});
  for (int64_t tokens : {1, 5, 9})
    for (DType dtype : {DType::f32, DType::f16, DType::bf16})
      all.push_back({join("dense_matmul ", name_of(dtype), " tokens ", tokens), [=](Ops& ops, CaseInputs& in) {
                       ops(DenseMatmul{.x = in.random({tokens, 509}),
                                       .weight = in.dense(1, 1031, 509, dtype),
                                       .expert_ids = {},
                                       .y = in.zeros({tokens, 1031})});
                     }});
}

// Experts of very different popularity, some without a token, and ids that name none.
void add_routed(std::vector<LargeCase>& all) {
  constexpr int64_t kExperts = 9, kTokens = 41, kTopK = 3, kRows = 129, kCols = 517;
  const auto ids = [](CaseInputs& in) {
    std::vector<int32_t> values;
    for (int64_t i = 0; i < kTokens * kTopK; ++i)
      values.push_back(static_cast<int32_t>(in.below(in.below(kExperts) + 1)));
    values[5] = -1;
    values[6] = kExperts;
    return in.ints({kTokens, kTopK}, values);
  };
  for (int64_t x_rows : {kTokens, kTokens * kTopK}) {
    all.push_back({join("ternary_matmul to experts, rows of x ", x_rows), [=](Ops& ops, CaseInputs& in) {
                     const auto x = in.quantized(x_rows, kCols, false);
                     ops(TernaryMatmul{.q = x.q,
                                       .scales = x.scales,
                                       .weight = in.ternary(kExperts, kRows, kCols, ScaleGranularity::row),
                                       .expert_ids = ids(in),
                                       .y = in.zeros({kTokens * kTopK, kRows})});
                   }});
    all.push_back({join("ternary_matmul_f32 to experts, rows of x ", x_rows), [=](Ops& ops, CaseInputs& in) {
                     ops(TernaryMatmulF32{.x = in.random({x_rows, kCols}),
                                          .weight = in.ternary(kExperts, kRows, kCols, ScaleGranularity::row),
                                          .expert_ids = ids(in),
                                          .y = in.zeros({kTokens * kTopK, kRows})});
                   }});
    all.push_back({join("dense_matmul to experts, rows of x ", x_rows), [=](Ops& ops, CaseInputs& in) {
                     ops(DenseMatmul{.x = in.random({x_rows, kCols}),
                                     .weight = in.dense(kExperts, kRows, kCols, DType::bf16),
                                     .expert_ids = ids(in),
                                     .y = in.zeros({kTokens * kTopK, kRows})});
                   }});
  }
}

// Gradients of products: rows that fill no tile and more terms than one exact sum has, for one matrix and for experts.
void add_gradients(std::vector<LargeCase>& all) {
  constexpr int64_t kExperts = 5, kTokens = 301, kTopK = 2, kRows = 131, kCols = 517;
  const auto ids = [](CaseInputs& in, bool routed) {
    std::vector<int32_t> values;
    for (int64_t i = 0; i < kTokens * kTopK; ++i)
      values.push_back(static_cast<int32_t>(in.below(in.below(kExperts) + 1)));
    values[7] = -1;
    return routed ? in.ints({kTokens, kTopK}, values) : Tensor();
  };
  for (bool routed : {false, true}) {
    const int64_t dy_rows = routed ? kTokens * kTopK : kTokens, n = routed ? kExperts : 1;
    for (int64_t group : {0, 64, 256})
      all.push_back(
          {join("ternary_matmul_backward group ", group, routed ? " to experts" : ""), [=](Ops& ops, CaseInputs& in) {
             const auto granularity = group ? ScaleGranularity::group : ScaleGranularity::row;
             for (bool accumulate : {false, true})
               ops(TernaryMatmulBackward{.dy = in.random({dy_rows, kRows}),
                                         .weight = in.ternary(n, kRows, kCols, granularity, group),
                                         .expert_ids = ids(in, routed),
                                         .dx = in.random({kTokens, kCols}),
                                         .accumulate = accumulate});
           }});
    for (bool per_block : {false, true})
      all.push_back({join("weight_gradient", per_block ? " per block" : "", routed ? " to experts" : ""),
                     [=](Ops& ops, CaseInputs& in) {
                       const auto x = in.quantized(kTokens, kCols, per_block);
                       ops(WeightGradient{.x = {},
                                          .q = x.q,
                                          .scales = x.scales,
                                          .dy = in.random({dy_rows, kRows}),
                                          .expert_ids = ids(in, routed),
                                          .dw = in.random({n, kRows, kCols})});
                     }});
  }
  all.push_back({"combine_experts_backward", [](Ops& ops, CaseInputs& in) {
                   ops(CombineExpertsBackward{.x = in.random({kTokens * kTopK, kCols}),
                                              .weights = in.random({kTokens, kTopK}),
                                              .dy = in.random({kTokens, kCols}),
                                              .dx = in.zeros({kTokens * kTopK, kCols}),
                                              .dweights = in.zeros({kTokens, kTopK})});
                 }});
  all.push_back({"sum_squares", [](Ops& ops, CaseInputs& in) {
                   ops(SumSquares{.x = in.random({3, 100003}), .sums = in.zeros({2}), .index = 1});
                 }});
}

void add_attention(std::vector<LargeCase>& all) {
  struct Shape {
    int64_t tokens, heads, kv_heads, position, window;
  };
  for (Shape s : {Shape{1, 8, 2, 700, 0}, Shape{1, 8, 2, 9000, 0}, Shape{67, 6, 2, 0, 0}, Shape{67, 6, 6, 30, 50},
                  Shape{5, 20, 1, 200, 0}})
    all.push_back({join("attention tokens ", s.tokens, " heads ", s.heads, "/", s.kv_heads, " window ", s.window),
                   [=](Ops& ops, CaseInputs& in) {
                     const int64_t capacity = s.position + s.tokens + 3;
                     ops(Attention{.q = in.random({s.tokens, s.heads, 72}),
                                   .rows = in.rows(s.tokens, s.position),
                                   .k_cache = in.random({capacity, s.kv_heads, 72}),
                                   .v_cache = in.random({capacity, s.kv_heads, 100}),
                                   .y = in.zeros({s.tokens, s.heads, 100}),
                                   .window = s.window,
                                   .scale = 0.12f});
                   }});
}

// Rows with one largest value, with equal ones far apart, and with values that are not finite.
void add_argmax(std::vector<LargeCase>& all) {
  for (int64_t cols : {1, 7, 33, 1024, 3001})
    all.push_back({join("argmax of ", cols), [=](Ops& ops, CaseInputs& in) {
                     const auto n = static_cast<size_t>(cols);
                     std::vector<float> values;
                     const auto row = [&](float value_of_all, std::vector<std::pair<size_t, float>> others) {
                       values.resize(values.size() + n, value_of_all);
                       for (const auto& [place, value] : others) values[values.size() - n + place] = value;
                     };
                     for (const size_t place : {size_t{0}, n / 3, n / 2, n - 1}) {
                       row(-2, {{place, -1}});
                       row(-2, {{place, -1}, {n - 1, -1}});
                       row(-0.0f, {{place, 0.0f}});
                       row(1, {{place, NAN}});
                       row(1, {{place, INFINITY}});
                       row(1, {{place, -INFINITY}});
                       row(-3.4028235e38f, {{place, -3.4028233e38f}});
                     }
                     row(-3.4028235e38f, {});
                     const auto rows = static_cast<int64_t>(values.size() / n);
                     ops(Argmax{.logits = in.floats({rows, cols}, values), .ids = in.zeros({rows}, DType::i32)});
                     ops(Argmax{.logits = in.random({40, cols}), .ids = in.zeros({40}, DType::i32)});
                   }});
}

void add_row_operations(std::vector<LargeCase>& all) {
  constexpr int64_t kRows = 97, kDim = 1021;
  all.push_back(
      {"rms_norm", [](Ops& ops, CaseInputs& in) {
         ops(RmsNorm{.x = in.random({kRows, kDim}), .weight = in.random({kDim}), .y = in.zeros({kRows, kDim})});
       }});
  for (int64_t n_blocks : {1, 4})
    all.push_back({join("quantize_activations, scales a row: ", n_blocks), [=](Ops& ops, CaseInputs& in) {
                     ops(QuantizeActivations{.x = in.random({kRows, kDim}),
                                             .q = in.zeros({kRows, 1024}, DType::i8),
                                             .scales = in.zeros({kRows, n_blocks})});
                   }});
  for (auto activation : {GateActivation::silu, GateActivation::gelu, GateActivation::relu2})
    all.push_back({join("gated_activation ", static_cast<int>(activation)), [=](Ops& ops, CaseInputs& in) {
                     ops(GatedActivation{.gate = in.random({kRows, kDim}, 20.0),
                                         .up = in.random({kRows, kDim}),
                                         .y = in.zeros({kRows, kDim}),
                                         .activation = activation,
                                         .clamp = 10.0f});
                   }});
  all.push_back({"add", [](Ops& ops, CaseInputs& in) {
                   ops(Add{.a = in.random({kRows, kDim}), .b = in.random({kRows, kDim}), .y = in.zeros({kRows, kDim})});
                 }});
  for (auto pairing : {RopePairing::halves, RopePairing::interleaved})
    all.push_back({join("rope ", static_cast<int>(pairing)), [=](Ops& ops, CaseInputs& in) {
                     ops(Rope{.x = in.random({kRows, 5, 300}),
                              .rows = in.rows(kRows, 4),
                              .cos_sin = in.random({kRows + 4, 149, 2}),
                              .y = in.zeros({kRows, 5, 300}),
                              .pairing = pairing});
                   }});
  all.push_back({"store_kv", [](Ops& ops, CaseInputs& in) {
                   ops(StoreKv{.k = in.random({kRows, 7, 64}),
                               .v = in.random({kRows, 7, 32}),
                               .rows = in.rows(kRows, 11),
                               .k_cache = in.random({kRows + 20, 7, 64}),
                               .v_cache = in.random({kRows + 20, 7, 32})});
                 }});
  all.push_back({"route_tokens", [](Ops& ops, CaseInputs& in) {
                   ops(RouteTokens{.logits = in.random({kRows, 131}, 3.0),
                                   .expert_ids = in.zeros({kRows, 7}, DType::i32),
                                   .weights = in.zeros({kRows, 7})});
                 }});
  all.push_back({"combine_experts", [](Ops& ops, CaseInputs& in) {
                   ops(CombineExperts{.x = in.random({kRows * 3, kDim}),
                                      .weights = in.random({kRows, 3}),
                                      .y = in.zeros({kRows, kDim})});
                 }});
}

void add_embedding(std::vector<LargeCase>& all) {
  const auto tokens = [](CaseInputs& in) {
    std::vector<int32_t> values(301);
    for (int32_t& v : values) v = static_cast<int32_t>(in.below(67));
    return in.ints({301}, values);
  };
  for (DType dtype : {DType::f32, DType::f16, DType::bf16})
    all.push_back(
        {join("embedding ", name_of(dtype)), [=](Ops& ops, CaseInputs& in) {
           ops(Embedding{.table = in.dense(1, 67, 333, dtype), .tokens = tokens(in), .y = in.zeros({301, 333})});
         }});
  for (int64_t group : {0, 32})
    all.push_back({join("embedding ternary, group ", group), [=](Ops& ops, CaseInputs& in) {
                     const auto granularity = group ? ScaleGranularity::group : ScaleGranularity::row;
                     ops(Embedding{.table = in.ternary(1, 67, 333, granularity, group),
                                   .tokens = tokens(in),
                                   .y = in.zeros({301, 333})});
                   }});
}

}  // namespace

std::vector<LargeCase> large_cases() {
  std::vector<LargeCase> all;
  add_products(all);
  add_extremes(all);
  add_argmax(all);
  add_routed(all);
  add_gradients(all);
  add_attention(all);
  add_row_operations(all);
  add_embedding(all);
  return all;
}

}  // namespace tritium
