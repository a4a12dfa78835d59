// All kernels instantiated over one trait V. Included once by each isa/*.cpp.
#pragma once

#include "simd/kernels/attention.h"
#include "simd/kernels/dense_matmul.h"
#include "simd/kernels/elementwise.h"
#include "simd/kernels/quantize_activations.h"
#include "simd/kernels/rms_norm.h"
#include "simd/kernels/rope.h"
#include "simd/kernels/route_tokens.h"
#include "simd/kernels/ternary_matmul.h"
#include "simd/kernels/ternary_matmul_f32.h"

namespace tritium::simd {
namespace {

template <typename V>
constexpr KernelTable table_of(const char* level) {
  return {.level = level,
          .panel_tokens = V::kPanelTokens,
          .packed_chunk_bytes = 4 * V::kPlanes,
          .pack_activations = pack_activations<V>,
          .ternary_matmul = ternary_matmul<V>,
          .ternary_matmul_f32 = ternary_matmul_f32<V>,
          .dense_matmul = dense_matmul<V>,
          .rms_norm = rms_norm<V>,
          .quantize_activations = quantize_activations<V>,
          .attention = attention<V>,
          .gated_activation = gated_activation<V>,
          .add = add<V>,
          .rope = rope<V>,
          .route_tokens = route_tokens<V>,
          .combine_experts = combine_experts<V>,
          .ternary_row = ternary_row<V>,
          .dense_row = dense_row<V>};
}

}  // namespace
}  // namespace tritium::simd
