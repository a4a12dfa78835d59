// Launchers: one for each operation, from arguments to dispatches. They see no Vulkan type.
#pragma once

#include "ops/args.h"
#include "tritium/status.hpp"
#include "vulkan/recorder.h"

namespace tritium::vulkan {

Status add(Recorder& recorder, const AddArgs& args);
// unsupported: heads larger than 1024 values.
Status attention(Recorder& recorder, const AttentionArgs& args);
Status combine_experts(Recorder& recorder, const CombineExpertsArgs& args);
Status embedding_backward(Recorder& recorder, const EmbeddingBackwardArgs& args);
Status rms_norm_backward(Recorder& recorder, const RmsNormBackwardArgs& args);
Status ternary_matmul_backward(Recorder& recorder, const TernaryMatmulBackwardArgs& args);
Status dense_matmul_backward(Recorder& recorder, const DenseMatmulBackwardArgs& args);
Status weight_gradient(Recorder& recorder, const WeightGradientArgs& args);
Status attention_backward(Recorder& recorder, const AttentionBackwardArgs& args);
Status gated_activation_backward(Recorder& recorder, const GatedActivationBackwardArgs& args);
Status combine_experts_backward(Recorder& recorder, const CombineExpertsBackwardArgs& args);
Status route_tokens_backward(Recorder& recorder, const RouteTokensBackwardArgs& args);
Status expert_load(Recorder& recorder, const ExpertLoadArgs& args);
Status cross_entropy(Recorder& recorder, const CrossEntropyArgs& args);
Status flip_trits(Recorder& recorder, const FlipTritsArgs& args);
Status kl_divergence(Recorder& recorder, const KlDivergenceArgs& args);
Status scaled_add(Recorder& recorder, const ScaledAddArgs& args);
Status sum_squares(Recorder& recorder, const SumSquaresArgs& args);
Status dequantize_activations(Recorder& recorder, const DequantizeActivationsArgs& args);
Status absmean(Recorder& recorder, const AbsmeanArgs& args);
Status ternarize(Recorder& recorder, const TernarizeArgs& args);
Status fake_quantize(Recorder& recorder, const FakeQuantizeArgs& args);
Status adamw_update(Recorder& recorder, const AdamwUpdateArgs& args);
Status sgd_update(Recorder& recorder, const SgdUpdateArgs& args);
Status dense_matmul(Recorder& recorder, const DenseMatmulArgs& args);
Status embedding(Recorder& recorder, const EmbeddingArgs& args);
Status gated_activation(Recorder& recorder, const GatedActivationArgs& args);
Status quantize_activations(Recorder& recorder, const QuantizeActivationsArgs& args);
Status rms_norm(Recorder& recorder, const RmsNormArgs& args);
Status rope(Recorder& recorder, const RopeArgs& args);
// unsupported: top_k above 1024.
Status route_tokens(Recorder& recorder, const RouteTokensArgs& args);
Status store_kv(Recorder& recorder, const StoreKvArgs& args);
Status ternary_matmul(Recorder& recorder, const TernaryMatmulArgs& args);
Status ternary_matmul_f32(Recorder& recorder, const TernaryMatmulF32Args& args);

}  // namespace tritium::vulkan
