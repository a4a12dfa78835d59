// Cases of the operations that work value by value or row by row.
#include <limits>

#include "base/checked_math.h"
#include "selftest/op_cases.h"

namespace tritium::cases {
namespace {

constexpr int64_t kLengths[] = {1, 2, 3, 7, 64, 127, 128, 129, 256, 257, 1021, 4096};

}  // namespace

template <>
void cases_of<Add>(Cases& c) {
  const auto run = [&c](int64_t n) { c.run(Add{.a = c.random({n}), .b = c.random({n}), .y = c.zeros({n})}); };
  for (int64_t n : kLengths)
    if (c.next("n ", n)) run(n);
  if (c.next("n 3000017: more than 65535 workgroups of 32")) run(3000017);
}

template <>
void cases_of<ScaledAdd>(Cases& c) {
  for (int64_t n : kLengths)
    if (c.next("n ", n))
      c.run(ScaledAdd{.a = c.random({n}), .b = c.random({n}), .y = c.zeros({n}), .a_scale = 0.75f, .b_scale = -2.5f});
  if (c.next("into its first input")) {
    const Tensor a = c.random({300});
    c.run(ScaledAdd{.a = a, .b = c.random({300}), .y = a, .a_scale = 0.9f, .b_scale = 0.1f});
  }
}

template <>
void cases_of<GatedActivation>(Cases& c) {
  constexpr GateActivation kAll[] = {GateActivation::silu, GateActivation::gelu, GateActivation::relu2,
                                     GateActivation::leaky_relu2};
  for (auto activation : kAll)
    for (int64_t n : {1, 131, 1024})
      if (c.next("activation ", static_cast<int>(activation), " alone, width ", n))
        c.run(GatedActivation{.gate = c.random({3, n}, 6.0), .y = c.zeros({3, n}), .activation = activation});
  for (auto activation : kAll)
    for (float clamp : {0.0f, 7.0f})
      for (int64_t n : {1, 3, 131, 1024})
        if (c.next("activation ", static_cast<int>(activation), " clamp ", clamp, " width ", n))
          c.run(GatedActivation{.gate = c.random({3, n}, 6.0),
                                .up = c.random({3, n}, 6.0),
                                .y = c.zeros({3, n}),
                                .activation = activation,
                                .clamp = clamp});
  // exp leaves the float range on both sides here; the result must not.
  const std::vector<float> extreme = {0.0f,   -0.0f,   1e-30f, -1e-30f, 88.0f, -88.0f,
                                      104.0f, -104.0f, 1e4f,   -1e4f,   1e15f, -1e15f};
  for (auto activation : {GateActivation::silu, GateActivation::gelu})
    if (c.next("activation ", static_cast<int>(activation), " extreme gates"))
      c.run(GatedActivation{.gate = c.floats({1, 12}, extreme),
                            .up = c.floats({1, 12}, std::vector<float>(12, 0.5f)),
                            .y = c.zeros({1, 12}),
                            .activation = activation});
}

template <>
void cases_of<RmsNorm>(Cases& c) {
  const auto run = [&c](const Tensor& x, float eps) {
    c.run(RmsNorm{.x = x, .weight = c.random({x.shape[-1]}), .y = c.zeros(x.shape), .eps = eps});
  };
  for (int64_t dim : kLengths)
    for (int64_t rows : {1, 5})
      if (c.next("rows ", rows, " dim ", dim)) run(c.random({rows, dim}), 1e-6f);
  if (c.next("row of zeros, eps 1e-12")) run(c.zeros({2, 100}), 1e-12f);
  if (c.next("heads of 64 as rows, values near 1e4")) run(c.random({3, 8, 64}, 1e4), 1e-5f);
}

template <>
void cases_of<QuantizeActivations>(Cases& c) {
  const auto run = [&c](const Tensor& x, bool per_block) {
    const int64_t rows = x.shape[0], padded = round_up(x.shape[1], TernaryMatrix::kRowAlign);
    c.run(QuantizeActivations{
        .x = x, .q = c.zeros({rows, padded}, DType::i8), .scales = c.zeros({rows, per_block ? padded / 256 : 1})});
  };
  for (int64_t cols : {1, 3, 64, 172, 255, 256, 257, 1000, 2048})
    for (bool per_block : {false, true})
      if (c.next("cols ", cols, per_block ? " per block" : " per token")) run(c.random({5, cols}), per_block);
  if (c.next("tiny values, 1e-25")) run(c.random({3, 300}, 1e-25), true);
  if (c.next("values below the smallest scale, 1e-35")) run(c.random({3, 300}, 1e-35), false);
  if (c.next("large values, 1e30")) run(c.random({3, 300}, 1e30), false);
  if (c.next("a NaN in some blocks")) {
    std::vector<float> x(3 * 700, 0.5f);
    x[3] = x[699] = x[1400] = std::numeric_limits<float>::quiet_NaN();
    x[5] = 2.0f;
    run(c.floats({3, 700}, x), true);
    run(c.floats({3, 700}, x), false);
  }
  if (c.next("ties: multiples of a half after scaling")) {
    std::vector<float> x(256, 0.0f);
    x[0] = 127.0f;
    for (int i = 1; i < 256; ++i) x[static_cast<size_t>(i)] = static_cast<float>(i - 128) * 0.5f;
    run(c.floats({1, 256}, x), false);
  }
}

template <>
void cases_of<Rope>(Cases& c) {
  for (const auto& [tokens, heads, head_dim, rotated] :
       Sizes<4>{{1, 1, 2, 2}, {5, 3, 64, 64}, {3, 4, 64, 32}, {2, 7, 80, 20}, {17, 2, 128, 64}})
    for (auto pairing : {RopePairing::interleaved, RopePairing::halves})
      if (c.next("tokens ", tokens, " heads ", heads, " of ", head_dim, " rotated ", rotated, " pairing ",
                 static_cast<int>(pairing)))
        c.run(Rope{.x = c.random({tokens, heads, head_dim}),
                   .rows = c.rows(tokens, 3),
                   .cos_sin = c.random({tokens + 5, rotated / 2, 2}),
                   .y = c.zeros({tokens, heads, head_dim}),
                   .pairing = pairing,
                   .inverse = tokens == 5});
}

template <>
void cases_of<StoreKv>(Cases& c) {
  const auto run = [&c](DType dtype, const Tensor& rows, int64_t heads, int64_t key_dim, int64_t value_dim,
                        int64_t capacity, double spread = 1.0) {
    const int64_t tokens = rows.shape[0];
    const KvCache cache = c.cache({capacity, heads, key_dim}, value_dim, dtype);
    c.run(StoreKv{.k = c.random({tokens, heads, key_dim}, spread),
                  .v = c.random({tokens, heads, value_dim}, spread),
                  .rows = rows,
                  .k_cache = cache.k,
                  .v_cache = cache.v,
                  .k_scales = cache.k_scales,
                  .v_scales = cache.v_scales});
  };
  for (const DType dtype : {DType::f32, DType::f16, DType::i8}) {
    for (const auto& [tokens, heads, key_dim, value_dim, capacity, position] : Sizes<6>{{1, 1, 1, 1, 1, 0},
                                                                                        {3, 2, 64, 64, 9, 4},
                                                                                        {5, 3, 7, 11, 31, 26},
                                                                                        {4, 2, 20, 36, 9, 3},
                                                                                        {1, 4, 128, 128, 64, 63}})
      if (cache_dtype_for(dtype, key_dim, value_dim) == dtype &&
          c.next(name_of(dtype), ", tokens ", tokens, " at ", position, " of ", capacity, " heads ", heads, " of ",
                 key_dim, "/", value_dim))
        run(dtype, c.rows(tokens, position), heads, key_dim, value_dim, capacity);
    // To f16: subnormal, to nothing, and beyond the largest.
    for (const double spread : {1e-6, 1e-9, 3e5})
      if (c.next(name_of(dtype), ", values around ", spread)) run(dtype, c.rows(3, 1), 2, 32, 16, 5, spread);
    if (c.next(name_of(dtype), ", 2 sequences of 3 tokens, each from position 1 of 5 cache rows"))
      run(dtype, c.rows(3, 1, 2, 5), 2, 32, 16, 10);
  }
}

}  // namespace tritium::cases
