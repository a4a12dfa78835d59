// The kernels of every family over one trait V. Included once by each isa/*.cpp.
#pragma once

#include "cpu/kernels/argmax.h"
#include "cpu/kernels/attention.h"
#include "cpu/kernels/dense_matmul.h"
#include "cpu/kernels/elementwise.h"
#include "cpu/kernels/embedding.h"
#include "cpu/kernels/flip_trits.h"
#include "cpu/kernels/float_product.h"
#include "cpu/kernels/gradients.h"
#include "cpu/kernels/packed_matmul.h"
#include "cpu/kernels/quantize_activations.h"
#include "cpu/kernels/reject_values.h"
#include "cpu/kernels/rms_norm.h"
#include "cpu/kernels/rope.h"
#include "cpu/kernels/route_tokens.h"
#include "cpu/kernels/scale_columns.h"
#include "cpu/kernels/shadow.h"
#include "cpu/kernels/short_product.h"
#include "cpu/kernels/soft_cap.h"
#include "cpu/kernels/store_kv.h"
#include "cpu/kernels/ternary_matmul.h"
#include "cpu/kernels/training_attention.h"

namespace tritium::cpu {
namespace {

template <typename V>
constexpr ShortKernels shorts_over() {
  if constexpr (requires { V::dot_pairs; })
    return {.round_rows = round_rows<V>, .round_columns = round_columns<V>, .short_product = short_product<V>};
  return {};
}

template <typename V>
constexpr KernelSet kernels_over() {
  return {.ternary = ternary_kernels<V>(),
          .packed = {.panel_tokens = V::kPackedTokens,
                     .pack_activations = pack_packed_activations<V>,
                     .packed_matmul = packed_matmul<V>},
          .floats = {.lanes = V::kLanes, .dense_matmul = dense_matmul<V>, .float_product = float_product<V>},
          .shorts = shorts_over<V>(),
          .attention = {.attention = attention<V>,
                        .merge_attention = merge_attention<V>,
                        .attention_of_sequences = attention_of_sequences<V>,
                        .attention_backward = attention_backward<V>},
          .rows = {.add = add<V>,
                   .scaled_add = scaled_add<V>,
                   .gated_activation = gated_activation<V>,
                   .soft_cap = soft_cap<V>,
                   .rms_norm = rms_norm<V>,
                   .quantize_activations = quantize_activations<V>,
                   .embedding = embedding<V>,
                   .rope = rope<V>,
                   .store_kv = store_kv<V>,
                   .route_tokens = route_tokens<V>,
                   .combine_experts = combine_experts<V>,
                   .reject_values = reject_values<V>,
                   .scale_columns = scale_columns<V>,
                   .argmax = argmax<V>},
          .gradients = {.lanes = V::kLanes,
                        .gated_activation_backward = gated_activation_backward<V>,
                        .soft_cap_backward = soft_cap_backward<V>,
                        .sum_squares = sum_squares<V>,
                        .combine_experts_backward = combine_experts_backward<V>,
                        .reject_values_backward = reject_values_backward<V>,
                        .column_products = column_products<V>,
                        .scale_columns_gradient = scale_columns_gradient<V>,
                        .rms_norm_backward = rms_norm_backward<V>,
                        .rms_norm_weight_gradient = rms_norm_weight_gradient<V>,
                        .cross_entropy = cross_entropy<V>,
                        .kl_divergence = kl_divergence<V>},
          .updates = {.flip_trits = flip_trits<V>,
                      .ternarize = ternarize<V>,
                      .adamw_update = adamw_update<V>,
                      .sgd_update = sgd_update<V>}};
}

}  // namespace
}  // namespace tritium::cpu
