// Keys or values as caches keep them (ops/kv_cache.h).
#pragma once

#include <span>

#include "cpu_ref/weight_value.h"

namespace tritium::cpu_ref {

struct CachedRows {
  DType dtype;
  std::span<const std::byte> plane;
  std::span<const float> scales;
  size_t dim;

  double value(size_t row, size_t d) const {
    const size_t at = row * dim + d;
    if (dtype == DType::i8) return double{scales[row]} * static_cast<int8_t>(plane[at]);
    return dense_value(plane, dtype, at);
  }
};

}  // namespace tritium::cpu_ref
