// <a, b> of two f32 tensors in host memory.
#pragma once

#include "cpu_ref/host_memory.h"

namespace tritium {

inline double inner_product(const Tensor& a, const Tensor& b) {
  const auto x = host_span<float>(a), y = host_span<float>(b);
  double sum = 0;
  for (size_t i = 0; i < x.size(); ++i) sum += double{x[i]} * y[i];
  return sum;
}

}  // namespace tritium
