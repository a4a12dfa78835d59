// Arithmetic on sizes that come from files: no result is used before it is known not to have wrapped.
#pragma once

#include <cstdint>
#include <optional>

namespace tritium {

inline std::optional<uint64_t> checked_add(uint64_t a, uint64_t b) {
  uint64_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) return std::nullopt;
  return sum;
}

inline std::optional<uint64_t> checked_mul(uint64_t a, uint64_t b) {
  uint64_t product = 0;
  if (__builtin_mul_overflow(a, b, &product)) return std::nullopt;
  return product;
}

// The largest number where the result does not fit: for what is compared with what there is.
inline uint64_t saturated_add(uint64_t a, uint64_t b) { return checked_add(a, b).value_or(UINT64_MAX); }
inline uint64_t saturated_mul(uint64_t a, uint64_t b) { return checked_mul(a, b).value_or(UINT64_MAX); }

constexpr int64_t round_up(int64_t value, int64_t multiple) { return (value + multiple - 1) / multiple * multiple; }
constexpr int64_t ceil_div(int64_t value, int64_t divisor) { return (value + divisor - 1) / divisor; }

}  // namespace tritium
