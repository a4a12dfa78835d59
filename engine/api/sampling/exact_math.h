// Logarithms and powers that are the same everywhere: by their series, in a written order. <cmath>'s are not.
#pragma once

#include <cmath>
#include <numbers>

namespace tritium {

// log2(x) for x > 0: 2 / ln 2 · (z + z³/3 + z⁵/5 + …), z = (m - 1) / (m + 1), x = m · 2^e.
inline double log2_of(double x) {
  int exponent = 0;
  const double m = std::frexp(x, &exponent);
  const double z = (m - 1) / (m + 1);
  double sum = 0;
  for (int n = 39; n > 0; n -= 2) sum = sum * z * z + 1.0 / n;
  return exponent + 2 * std::numbers::log2e * z * sum;
}

// 2^x: 2^n · (1 + t + t²/2! + …), t = (x - n) · ln 2, n the nearest integer. 0 and infinity far from 0.
inline double exp2_of(double x) {
  if (!(x > -1100)) return 0;
  if (x > 1100) return HUGE_VAL;
  const double n = std::floor(x + 0.5), t = (x - n) * std::numbers::ln2;
  double sum = 1;
  for (int i = 16; i > 0; --i) sum = 1 + sum * t / i;
  return std::ldexp(sum, static_cast<int>(n));
}

}  // namespace tritium
