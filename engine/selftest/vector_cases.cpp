// Cases of the operations that work value by value or row by row.
#include <limits>

#include "base/format_text.h"
#include "selftest/op_cases.h"

namespace tritium::cases {
namespace {

constexpr int64_t kLengths[] = {1, 2, 3, 7, 64, 127, 128, 129, 256, 257, 1021, 4096};

}  // namespace

template <>
std::vector<OpCase> cases_of<Add>() {
  std::vector<OpCase> cases;
  for (int64_t n : kLengths)
    cases.push_back({join("n ", n), [n](Ops& ops, CaseInputs& in) {
                       ops(Add{.a = in.random({n}), .b = in.random({n}), .y = in.zeros({n})});
                     }});
  cases.push_back({"n 3000017: more than 65535 workgroups of 32", [](Ops& ops, CaseInputs& in) {
                     ops(Add{.a = in.random({3000017}), .b = in.random({3000017}), .y = in.zeros({3000017})});
                   }});
  return cases;
}

template <>
std::vector<OpCase> cases_of<ScaledAdd>() {
  std::vector<OpCase> cases;
  for (int64_t n : kLengths)
    cases.push_back(
        {join("n ", n), [n](Ops& ops, CaseInputs& in) {
           ops(ScaledAdd{
               .a = in.random({n}), .b = in.random({n}), .y = in.zeros({n}), .a_scale = 0.75f, .b_scale = -2.5f});
         }});
  cases.push_back({"into its first input", [](Ops& ops, CaseInputs& in) {
                     const Tensor a = in.random({300});
                     ops(ScaledAdd{.a = a, .b = in.random({300}), .y = a, .a_scale = 0.9f, .b_scale = 0.1f});
                   }});
  return cases;
}

template <>
std::vector<OpCase> cases_of<GatedActivation>() {
  std::vector<OpCase> cases;
  for (auto activation : {GateActivation::silu, GateActivation::gelu, GateActivation::relu2})
    for (float clamp : {0.0f, 7.0f})
      for (int64_t n : {1, 3, 131, 1024})
        cases.push_back({join("activation ", static_cast<int>(activation), " clamp ", clamp, " width ", n),
                         [=](Ops& ops, CaseInputs& in) {
                           ops(GatedActivation{.gate = in.random({3, n}, 6.0),
                                               .up = in.random({3, n}, 6.0),
                                               .y = in.zeros({3, n}),
                                               .activation = activation,
                                               .clamp = clamp});
                         }});
  // exp leaves the float range on both sides here; the result must not.
  const std::vector<float> extreme = {0.0f,   -0.0f,   1e-30f, -1e-30f, 88.0f, -88.0f,
                                      104.0f, -104.0f, 1e4f,   -1e4f,   1e15f, -1e15f};
  for (auto activation : {GateActivation::silu, GateActivation::gelu})
    cases.push_back(
        {join("activation ", static_cast<int>(activation), " extreme gates"), [=](Ops& ops, CaseInputs& in) {
           ops(GatedActivation{.gate = in.floats({1, 12}, extreme),
                               .up = in.floats({1, 12}, std::vector<float>(12, 0.5f)),
                               .y = in.zeros({1, 12}),
                               .activation = activation});
         }});
  return cases;
}

template <>
std::vector<OpCase> cases_of<RmsNorm>() {
  std::vector<OpCase> cases;
  for (int64_t dim : kLengths)
    for (int64_t rows : {1, 5})
      cases.push_back(
          {join("rows ", rows, " dim ", dim), [=](Ops& ops, CaseInputs& in) {
             ops(RmsNorm{
                 .x = in.random({rows, dim}), .weight = in.random({dim}), .y = in.zeros({rows, dim}), .eps = 1e-6f});
           }});
  cases.push_back(
      {"row of zeros, eps 1e-12", [](Ops& ops, CaseInputs& in) {
         ops(RmsNorm{.x = in.zeros({2, 100}), .weight = in.random({100}), .y = in.zeros({2, 100}), .eps = 1e-12f});
       }});
  cases.push_back(
      {"heads of 64 as rows, values near 1e4", [](Ops& ops, CaseInputs& in) {
         ops(RmsNorm{.x = in.random({3, 8, 64}, 1e4), .weight = in.random({64}), .y = in.zeros({3, 8, 64})});
       }});
  return cases;
}

template <>
std::vector<OpCase> cases_of<Argmax>() {
  std::vector<OpCase> cases;
  for (int64_t n : kLengths)
    cases.push_back({join("rows 5 of ", n), [n](Ops& ops, CaseInputs& in) {
                       ops(Argmax{.logits = in.random({5, n}), .ids = in.zeros({5}, DType::i32)});
                     }});
  cases.push_back({"one row of 151936", [](Ops& ops, CaseInputs& in) {
                     ops(Argmax{.logits = in.random({1, 151936}), .ids = in.zeros({1}, DType::i32)});
                   }});
  cases.push_back({"a row of 262144, the largest last, after one of equal values", [](Ops& ops, CaseInputs& in) {
                     std::vector<float> values(2 * 262144, -1.0f);
                     values.back() = -0.5f;
                     ops(Argmax{.logits = in.floats({2, 262144}, values), .ids = in.zeros({2}, DType::i32)});
                   }});
  // Row r has its pair of values at places that different invocations of a workgroup look at.
  constexpr float kInfinity = std::numeric_limits<float>::infinity(), kNan = std::numeric_limits<float>::quiet_NaN();
  struct Case {
    std::string shape;
    float others, first, second;
  };
  for (const Case& c : {Case{"ties", 1, 2, 2}, Case{"the later one is larger by a bit", -2, 1, 1.0000001f},
                        Case{"NaN, and one value", kNan, kNan, -kInfinity}, Case{"NaN alone", kNan, kNan, kNan},
                        Case{"NaN and infinity", 0, kNan, kInfinity}, Case{"-inf alone", -kInfinity, -kInfinity, kNan},
                        Case{"zeros of both signs", -1, -0.0f, 0.0f}, Case{"denormal numbers", 0, 1e-45f, 2e-45f}})
    cases.push_back({c.shape, [c](Ops& ops, CaseInputs& in) {
                       constexpr size_t kRows = 7, kCols = 3001;
                       std::vector<float> values(kRows * kCols, c.others);
                       for (size_t r = 0; r < kRows; ++r) {
                         values[r * kCols + 150 * r] = c.first;
                         values[r * kCols + 3000 - 199 * r] = c.second;
                       }
                       ops(Argmax{.logits = in.floats({kRows, kCols}, values), .ids = in.zeros({kRows}, DType::i32)});
                     }});
  return cases;
}

template <>
std::vector<OpCase> cases_of<QuantizeActivations>() {
  std::vector<OpCase> cases;
  const auto add_case = [&](std::string shape, int64_t rows, int64_t cols, bool per_block, double spread) {
    cases.push_back({std::move(shape), [=](Ops& ops, CaseInputs& in) {
                       const int64_t padded = (cols + 255) / 256 * 256;
                       ops(QuantizeActivations{.x = in.random({rows, cols}, spread),
                                               .q = in.zeros({rows, padded}, DType::i8),
                                               .scales = in.zeros({rows, per_block ? padded / 256 : 1})});
                     }});
  };
  for (int64_t cols : {1, 3, 64, 172, 255, 256, 257, 1000, 2048})
    for (bool per_block : {false, true})
      add_case(join("cols ", cols, per_block ? " per block" : " per token"), 5, cols, per_block, 1.0);
  add_case("tiny values, 1e-25", 3, 300, true, 1e-25);
  add_case("values below the smallest scale, 1e-35", 3, 300, false, 1e-35);
  add_case("large values, 1e30", 3, 300, false, 1e30);
  cases.push_back({"ties: multiples of a half after scaling", [](Ops& ops, CaseInputs& in) {
                     std::vector<float> x(256, 0.0f);
                     x[0] = 127.0f;
                     for (int i = 1; i < 256; ++i) x[static_cast<size_t>(i)] = static_cast<float>(i - 128) * 0.5f;
                     ops(QuantizeActivations{
                         .x = in.floats({1, 256}, x), .q = in.zeros({1, 256}, DType::i8), .scales = in.zeros({1, 1})});
                   }});
  return cases;
}

template <>
std::vector<OpCase> cases_of<Rope>() {
  std::vector<OpCase> cases;
  struct Case {
    int64_t tokens, heads, head_dim, rotated;
  };
  for (Case c : {Case{1, 1, 2, 2}, Case{5, 3, 64, 64}, Case{3, 4, 64, 32}, Case{2, 7, 80, 20}, Case{17, 2, 128, 64}})
    for (auto pairing : {RopePairing::interleaved, RopePairing::halves})
      cases.push_back({join("tokens ", c.tokens, " heads ", c.heads, " of ", c.head_dim, " rotated ", c.rotated,
                            " pairing ", static_cast<int>(pairing)),
                       [=](Ops& ops, CaseInputs& in) {
                         ops(Rope{.x = in.random({c.tokens, c.heads, c.head_dim}),
                                  .rows = in.rows(c.tokens, 3),
                                  .cos_sin = in.random({c.tokens + 5, c.rotated / 2, 2}),
                                  .y = in.zeros({c.tokens, c.heads, c.head_dim}),
                                  .pairing = pairing,
                                  .inverse = c.tokens == 5});
                       }});
  return cases;
}

template <>
std::vector<OpCase> cases_of<StoreKv>() {
  std::vector<OpCase> cases;
  struct Case {
    int64_t tokens, heads, key_dim, value_dim, capacity, position;
  };
  for (Case c :
       {Case{1, 1, 1, 1, 1, 0}, Case{3, 2, 64, 64, 9, 4}, Case{5, 3, 7, 11, 31, 26}, Case{1, 4, 128, 128, 64, 63}})
    cases.push_back({join("tokens ", c.tokens, " at ", c.position, " of ", c.capacity, " heads ", c.heads, " of ",
                          c.key_dim, "/", c.value_dim),
                     [=](Ops& ops, CaseInputs& in) {
                       ops(StoreKv{.k = in.random({c.tokens, c.heads, c.key_dim}),
                                   .v = in.random({c.tokens, c.heads, c.value_dim}),
                                   .rows = in.rows(c.tokens, c.position),
                                   .k_cache = in.random({c.capacity, c.heads, c.key_dim}),
                                   .v_cache = in.random({c.capacity, c.heads, c.value_dim})});
                     }});
  cases.push_back({"2 sequences of 3 tokens, each from position 1 of 5 cache rows", [](Ops& ops, CaseInputs& in) {
                     ops(StoreKv{.k = in.random({6, 2, 32}),
                                 .v = in.random({6, 2, 16}),
                                 .rows = in.rows(3, 1, 2, 5),
                                 .k_cache = in.random({10, 2, 32}),
                                 .v_cache = in.random({10, 2, 16})});
                   }});
  return cases;
}

}  // namespace tritium::cases
