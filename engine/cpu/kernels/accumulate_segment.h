// shader::accumulate_segment, lane by lane: what every integer product adds to its output for the columns that one
// weight scale and one activation scale cover. All rungs share these operations and their order, so their results are
// equal to the bit.
//   y += (weight scale * activation scale) * sum
#pragma once

#include "cpu/isa/vector.h"

namespace tritium::cpu {
namespace {

template <typename V>
TRITIUM_INLINE void accumulate_segment(typename V::F& y, typename V::F weight_scale, float x_scale, typename V::I sum) {
  y += (weight_scale * x_scale) * V::to_float(sum);
}

}  // namespace
}  // namespace tritium::cpu
