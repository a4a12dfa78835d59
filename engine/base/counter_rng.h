// Counter-based random numbers: the value is a pure function of (seed, counter), so results depend neither on the order
// of draws nor on threads, and a position in the stream can be saved as one number.
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>

namespace tritium {

// SplitMix64's finaliser over seed and counter (Steele, Lea, Flood 2014).
constexpr uint64_t random_bits(uint64_t seed, uint64_t counter) {
  uint64_t z = seed * 0xD1342543DE82EF95u + (counter + 1) * 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

// In [0, 1), 53 random bits.
constexpr double random_unit(uint64_t seed, uint64_t counter) {
  return static_cast<double>(random_bits(seed, counter) >> 11) * 0x1.0p-53;
}

// Standard normal, Box-Muller on two draws of one counter.
inline double random_normal(uint64_t seed, uint64_t counter) {
  const double u = 1.0 - random_unit(seed, 2 * counter);
  const double v = random_unit(seed, 2 * counter + 1);
  return std::sqrt(-2.0 * std::log(u)) * std::cos(2.0 * std::numbers::pi * v);
}

}  // namespace tritium
