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

// Training (engine/ops/training_args.h).

void embedding_backward(const EmbeddingBackwardParams& p, std::span<const int32_t> tokens, std::span<const float> dy,
                        std::span<float> dtable);

void rms_norm_backward(const RmsNormBackwardParams& p, std::span<const float> x, std::span<const float> weight,
                       std::span<const float> dy, std::span<float> dx, std::span<float> dweight);

void ternary_matmul_backward(const TernaryMatmulBackwardParams& p, std::span<const float> dy,
                             std::span<const uint32_t> words, std::span<const float> weight_scales,
                             std::span<const int32_t> expert_ids, std::span<float> dx);

void dense_matmul_backward(const DenseMatmulBackwardParams& p, std::span<const float> dy,
                           std::span<const std::byte> weight, std::span<const int32_t> expert_ids, std::span<float> dx);

void weight_gradient(const WeightGradientParams& p, std::span<const float> x, std::span<const int8_t> q,
                     std::span<const float> scales, std::span<const float> dy, std::span<const int32_t> expert_ids,
                     std::span<float> dw);

void attention_backward(const AttentionBackwardParams& p, std::span<const float> q, std::span<const float> k,
                        std::span<const float> v, std::span<const float> dy, std::span<float> dq, std::span<float> dk,
                        std::span<float> dv);

void gated_activation_backward(const GatedActivationBackwardParams& p, std::span<const float> gate,
                               std::span<const float> up, std::span<const float> dy, std::span<float> dgate,
                               std::span<float> dup);

void combine_experts_backward(const CombineExpertsBackwardParams& p, std::span<const float> x,
                              std::span<const float> weights, std::span<const float> dy, std::span<float> dx,
                              std::span<float> dweights);

void route_tokens_backward(const RouteTokensBackwardParams& p, std::span<const float> logits,
                           std::span<const int32_t> expert_ids, std::span<const float> dweights,
                           std::span<const float> load, std::span<float> dlogits);

void expert_load(const ExpertLoadParams& p, std::span<const int32_t> expert_ids, std::span<float> load);

void cross_entropy(const CrossEntropyParams& p, std::span<const float> logits, std::span<const int32_t> targets,
                   std::span<float> losses, std::span<float> dlogits);

void flip_trits(const FlipTritsParams& p, std::span<float> change, std::span<uint32_t> words,
                std::span<const float> scales, std::span<int32_t> flips);
void kl_divergence(const KlDivergenceParams& p, std::span<const float> logits, std::span<const float> teacher,
                   std::span<const int32_t> targets, std::span<float> losses, std::span<float> dlogits);
void scaled_add(const ScaledAddParams& p, std::span<const float> a, std::span<const float> b, std::span<float> y);
void sum_squares(const SumSquaresParams& p, std::span<const float> x, std::span<float> sums);

void dequantize_activations(const DequantizeActivationsParams& p, std::span<const int8_t> q,
                            std::span<const float> scales, std::span<float> x);

void absmean(const AbsmeanParams& p, std::span<const float> sums, std::span<float> alpha);

void ternarize(const TernarizeParams& p, std::span<const std::byte> parameter, std::span<const float> alpha,
               std::span<uint32_t> words, std::span<float> scales, std::span<int32_t> flips);

void fake_quantize(const FakeQuantizeParams& p, std::span<const std::byte> parameter, std::span<const float> alpha,
                   std::span<float> y);
// Rows first … last - 1 alone.
void fake_quantize_rows(const FakeQuantizeParams& p, std::span<const std::byte> parameter, std::span<const float> alpha,
                        std::span<float> y, size_t first, size_t last);

// Planes of the parameter and of what is written with it; 8-bit states in m_codes and v_codes, else in m and v.
struct ShadowPlanes;
struct MomentPlanes {
  std::span<float> m, v;
  std::span<int8_t> m_codes, v_codes;
  std::span<float> m_scales, v_scales;
};
void adamw_update(const AdamwUpdateParams& p, std::span<float> gradient, const MomentPlanes& moments,
                  const ShadowPlanes& shadow);

void sgd_update(const SgdUpdateParams& p, std::span<float> gradient, std::span<float> m, const ShadowPlanes& shadow);

}  // namespace tritium::cpu_ref
