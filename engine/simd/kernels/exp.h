// e^x to about 2 units in the last place. x = n ln 2 + r with |r| <= ln(2) / 2; e^r by the polynomial of
// Cephes' expf.
#pragma once

#include "simd/isa/vector.h"

namespace tritium::simd {
namespace {

// Overflows to infinity above 88.73, fades through subnormals to 0 at -104; NaN stays NaN.
template <typename V>
TRITIUM_INLINE typename V::F exp(typename V::F x) {
  using F = typename V::F;
  x = x > 89.0f ? V::all(89.0f) : x;
  x = x < -104.0f ? V::all(-104.0f) : x;
  // Adding 1.5 * 2^23 rounds to an integer, which is then also in the low bits.
  const F shifted = x * 1.44269504f + 12582912.0f;
  const F n = shifted - 12582912.0f;
  const F r = V::fma(n, V::all(2.12194440e-4f), V::fma(n, V::all(-0.693359375f), x));  // ln 2 in two parts
  F p = V::all(1.9875691500e-4f);
  p = V::fma(p, r, V::all(1.3981999507e-3f));
  p = V::fma(p, r, V::all(8.3334519073e-3f));
  p = V::fma(p, r, V::all(4.1665795894e-2f));
  p = V::fma(p, r, V::all(1.6666665459e-1f));
  p = V::fma(p, r, V::all(5.0000001201e-1f));
  p = V::fma(p, r * r, r + 1.0f);
  // 2^n in two factors, since n leaves the range of one exponent at both ends.
  const auto exponent = reinterpret_cast<typename V::I>(shifted) - 0x4B400000;
  const auto half = exponent >> 1;
  const auto power = [](typename V::I e) { return reinterpret_cast<F>((e + 127) << 23); };
  return p * power(half) * power(exponent - half);
}

}  // namespace
}  // namespace tritium::simd
