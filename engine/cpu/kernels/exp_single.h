// e^x in single precision, to about 1 unit in the last place: for gradients and for attention in training, which no
// int8 quantiser follows.
#pragma once

#include "cpu/isa/vector.h"

namespace tritium::cpu {
namespace {

// x = n ln 2 + r with |r| <= ln(2) / 2; e^r by its Taylor polynomial, whose next term is below 2e-8 of it. For x of -87
// to 88, where the result is a normal number.
template <typename V>
TRITIUM_INLINE typename V::F exp_within(typename V::F x) {
  using F = typename V::F;
  using U = typename V::U;
  // Adding 1.5 * 2^23 rounds to an integer, which is then also in the low bits.
  const F shifted = V::fma(x, V::all(1.44269504f), V::all(12582912.0f));
  const F n = shifted - 12582912.0f;
  // ln 2 in two parts, the first short enough for an exact product.
  const F r = V::fma(n, V::all(2.12194440e-4f), V::fma(n, V::all(-0.693359375f), x));
  F p = V::all(1.0f / 720.0f);
  p = V::fma(p, r, V::all(1.0f / 120.0f));
  p = V::fma(p, r, V::all(1.0f / 24.0f));
  p = V::fma(p, r, V::all(1.0f / 6.0f));
  p = V::fma(p, r, V::all(0.5f));
  p = V::fma(p, r, V::all(1.0f));
  p = V::fma(p, r, V::all(1.0f));
  const U exponent = V::float_to_bits(shifted) - 0x4B400000u;
  return p * V::bits_to_float((exponent + 127u) << 23);
}

// 0 below -87, where the result would be subnormal; the largest float's neighbourhood above 88. NaN stays NaN.
template <typename V>
TRITIUM_INLINE typename V::F exp_single(typename V::F x) {
  const auto vanishes = x < -87.0f;
  x = x > 88.0f ? V::all(88.0f) : x;
  x = vanishes ? V::all(-87.0f) : x;
  return vanishes ? typename V::F{} : exp_within<V>(x);
}

// exp_single() of x that is not above 0.
template <typename V>
TRITIUM_INLINE typename V::F exp_below(typename V::F x) {
  return x < -87.0f ? typename V::F{} : exp_within<V>(x);
}

// 0 in lanes from n on, where a row has ended.
template <typename V>
TRITIUM_INLINE typename V::F exp_up_to(typename V::F x, int64_t n) {
  auto e = exp_single<V>(x);
  for (int64_t lane = n; lane < V::kLanes; ++lane) e[lane] = 0.0f;
  return e;
}

}  // namespace
}  // namespace tritium::cpu
