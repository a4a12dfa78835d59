// Every operation as plain loops over host memory: the definition that all other code is compared with. Formulas and
// shapes are those of engine/ops/args.h; sizes come in the same structs that the shaders get as push constants.
//
// Nothing here is optimised, and sums are carried in double (or exact integers) wherever the result allows it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "ops/params_of.h"

namespace tritium::cpu_ref {

void add(const AddParams& p, std::span<const float> a, std::span<const float> b, std::span<float> y);

void attention(const AttentionParams& p, std::span<const float> q, std::span<const float> k_cache,
               std::span<const float> v_cache, std::span<float> y);

void combine_experts(const CombineExpertsParams& p, std::span<const float> x, std::span<const float> weights,
                     std::span<float> y);

void dense_matmul(const DenseMatmulParams& p, std::span<const float> x, std::span<const std::byte> weight,
                  std::span<const int32_t> expert_ids, std::span<float> y);

// `scales` is empty for a dense table.
void embedding(const EmbeddingParams& p, std::span<const std::byte> table, std::span<const float> scales,
               std::span<const int32_t> tokens, std::span<float> y);

void gated_activation(const GatedActivationParams& p, std::span<const float> gate, std::span<const float> up,
                      std::span<float> y);

void quantize_activations(const QuantizeActivationsParams& p, std::span<const float> x, std::span<int8_t> q,
                          std::span<float> scales);

void rms_norm(const RmsNormParams& p, std::span<const float> x, std::span<const float> weight, std::span<float> y);

void rope(const RopeParams& p, std::span<const float> x, std::span<const float> cos_sin, std::span<float> y);

void route_tokens(const RouteTokensParams& p, std::span<const float> logits, std::span<int32_t> expert_ids,
                  std::span<float> weights);

void store_kv(const StoreKvParams& p, std::span<const float> k, std::span<const float> v, std::span<float> k_cache,
              std::span<float> v_cache);

void ternary_matmul(const TernaryMatmulParams& p, std::span<const int8_t> q, std::span<const float> scales,
                    std::span<const uint32_t> words, std::span<const float> weight_scales,
                    std::span<const int32_t> expert_ids, std::span<float> y);

void ternary_matmul_f32(const TernaryMatmulF32Params& p, std::span<const float> x, std::span<const uint32_t> words,
                        std::span<const float> weight_scales, std::span<const int32_t> expert_ids, std::span<float> y);

}  // namespace tritium::cpu_ref
