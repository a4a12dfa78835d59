// ids[r] = index of the largest value of row r, the lowest among equals; -1 where a value of the row is not finite. A
// row is read once, in blocks of which the first with the largest value is looked through again.
#pragma once

#include "cpu/isa/vector.h"
#include "cpu/kernels.h"

namespace tritium::cpu {
namespace {

// The largest of n finite values; false where one is not finite.
template <typename V>
TRITIUM_INLINE bool largest_of(const float* x, int64_t n, float& result) {
  typename V::F most = V::all(-3.402823466e38f);
  typename V::I bits = {};  // of the largest magnitude
  int64_t i = 0;
  for (; i + V::kLanes <= n; i += V::kLanes) {
    const auto v = V::load(x + i);
    const auto magnitude = reinterpret_cast<typename V::I>(V::float_to_bits(V::magnitude(v)));
    most = V::max(v, most);
    bits = magnitude > bits ? magnitude : bits;
  }
  result = largest<V>(most);
  bool finite = largest<V>(bits) < 0x7F800000;
  for (; i < n; ++i) {
    if (!(x[i] - x[i] == 0)) finite = false;
    if (x[i] > result) result = x[i];
  }
  return finite;
}

template <typename V>
void argmax(const ArgmaxParams& p, Range rows, const float* logits, int32_t* ids) {
  constexpr int64_t kBlock = 1024;
  for (int64_t r = rows.first; r < rows.last; ++r) {
    const float* row = logits + r * p.cols;
    int64_t best = 0;  // where the block begins
    float most = 0;
    bool finite = p.cols > 0;
    for (int64_t first = 0; first < p.cols && finite; first += kBlock) {
      float block = 0;
      finite = largest_of<V>(row + first, p.cols - first < kBlock ? p.cols - first : kBlock, block);
      if (first == 0 || block > most) most = block, best = first;
    }
    if (finite)
      while (row[best] != most) ++best;
    ids[r] = finite ? static_cast<int32_t>(best) : -1;
  }
}

}  // namespace
}  // namespace tritium::cpu
