// e^x in double, to about 1e-16. The reference computes in double and rounds once; what is quantised to int8 afterwards
// must be the same float here, or a rounding flips and two backends write different text.
#pragma once

#include "cpu/isa/vector.h"

namespace tritium::cpu {
namespace {

// x = n ln 2 + r with |r| <= ln(2) / 2; e^r by its Taylor polynomial, whose next term is below 4e-18. Overflows to
// infinity above 709.8, fades through subnormals to 0 below -745; NaN stays NaN.
template <typename V>
TRITIUM_INLINE typename V::D exp(typename V::D x) {
  using D = typename V::D;
  x = x > 711.0 ? D{} + 711.0 : x;
  x = x < -747.0 ? D{} - 747.0 : x;
  // Adding 1.5 * 2^52 rounds to an integer, which is then also in the low bits.
  const D shifted = x * 1.4426950408889634 + 6755399441055744.0;
  const D n = shifted - 6755399441055744.0;
  // ln 2 in two parts, the first short enough for an exact product.
  const D r = (x - n * 6.93147180369123816490e-01) - n * 1.90821492927058770002e-10;
  D p = D{} + 1.0 / 6227020800.0;  // 1 / 13!
  p = p * r + 1.0 / 479001600.0;
  p = p * r + 1.0 / 39916800.0;
  p = p * r + 1.0 / 3628800.0;
  p = p * r + 1.0 / 362880.0;
  p = p * r + 1.0 / 40320.0;
  p = p * r + 1.0 / 5040.0;
  p = p * r + 1.0 / 720.0;
  p = p * r + 1.0 / 120.0;
  p = p * r + 1.0 / 24.0;
  p = p * r + 1.0 / 6.0;
  p = p * r + 0.5;
  p = p * r + 1.0;
  p = p * r + 1.0;
  // 2^n in two factors, since n leaves the range of one exponent at both ends.
  const auto exponent = reinterpret_cast<typename V::L>(shifted) - 0x4338000000000000;
  const auto half = exponent >> 1;
  const auto power = [](typename V::L e) { return reinterpret_cast<D>((e + 1023) << 52); };
  return p * power(half) * power(exponent - half);
}

}  // namespace
}  // namespace tritium::cpu
