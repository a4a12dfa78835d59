// Arguments of an operation -> the push constants of its kernel: derived in one place, used by cpu_ref and Vulkan
// alike. Sizes fit 32 bits: ops/checks.cpp has refused others. Windows of weight rows are the whole weight; a backend
// that binds less of it narrows first_weight_row and n_weight_rows.
#pragma once

#include "ops/args.h"
#include "shaders/params/absmean.h"
#include "shaders/params/adamw_update.h"
#include "shaders/params/add.h"
#include "shaders/params/attention.h"
#include "shaders/params/attention_backward.h"
#include "shaders/params/combine_experts.h"
#include "shaders/params/combine_experts_backward.h"
#include "shaders/params/cross_entropy.h"
#include "shaders/params/dense_matmul.h"
#include "shaders/params/dense_matmul_backward.h"
#include "shaders/params/dequantize_activations.h"
#include "shaders/params/embedding.h"
#include "shaders/params/embedding_backward.h"
#include "shaders/params/expert_load.h"
#include "shaders/params/fake_quantize.h"
#include "shaders/params/flip_trits.h"
#include "shaders/params/gated_activation.h"
#include "shaders/params/gated_activation_backward.h"
#include "shaders/params/kl_divergence.h"
#include "shaders/params/quantize_activations.h"
#include "shaders/params/rms_norm.h"
#include "shaders/params/rms_norm_backward.h"
#include "shaders/params/rope.h"
#include "shaders/params/route_tokens.h"
#include "shaders/params/route_tokens_backward.h"
#include "shaders/params/scaled_add.h"
#include "shaders/params/sgd_update.h"
#include "shaders/params/store_kv.h"
#include "shaders/params/sum_squares.h"
#include "shaders/params/ternarize.h"
#include "shaders/params/ternary_matmul.h"
#include "shaders/params/ternary_matmul_backward.h"
#include "shaders/params/ternary_matmul_f32.h"
#include "shaders/params/weight_gradient.h"

namespace tritium {

AddParams params_of(const AddArgs& args);
AttentionParams params_of(const AttentionArgs& args);
CombineExpertsParams params_of(const CombineExpertsArgs& args);
EmbeddingBackwardParams params_of(const EmbeddingBackwardArgs& args);
RmsNormBackwardParams params_of(const RmsNormBackwardArgs& args);
TernaryMatmulBackwardParams params_of(const TernaryMatmulBackwardArgs& args);
DenseMatmulBackwardParams params_of(const DenseMatmulBackwardArgs& args);
WeightGradientParams params_of(const WeightGradientArgs& args);
AttentionBackwardParams params_of(const AttentionBackwardArgs& args);
GatedActivationBackwardParams params_of(const GatedActivationBackwardArgs& args);
CombineExpertsBackwardParams params_of(const CombineExpertsBackwardArgs& args);
RouteTokensBackwardParams params_of(const RouteTokensBackwardArgs& args);
ExpertLoadParams params_of(const ExpertLoadArgs& args);
CrossEntropyParams params_of(const CrossEntropyArgs& args);
FlipTritsParams params_of(const FlipTritsArgs& args);
KlDivergenceParams params_of(const KlDivergenceArgs& args);
ScaledAddParams params_of(const ScaledAddArgs& args);
SumSquaresParams params_of(const SumSquaresArgs& args);
DequantizeActivationsParams params_of(const DequantizeActivationsArgs& args);
AbsmeanParams params_of(const AbsmeanArgs& args);
TernarizeParams params_of(const TernarizeArgs& args);
FakeQuantizeParams params_of(const FakeQuantizeArgs& args);
AdamwUpdateParams params_of(const AdamwUpdateArgs& args);
SgdUpdateParams params_of(const SgdUpdateArgs& args);
DenseMatmulParams params_of(const DenseMatmulArgs& args);
EmbeddingParams params_of(const EmbeddingArgs& args);
GatedActivationParams params_of(const GatedActivationArgs& args);
QuantizeActivationsParams params_of(const QuantizeActivationsArgs& args);
RmsNormParams params_of(const RmsNormArgs& args);
RopeParams params_of(const RopeArgs& args);
RouteTokensParams params_of(const RouteTokensArgs& args);
StoreKvParams params_of(const StoreKvArgs& args);
TernaryMatmulParams params_of(const TernaryMatmulArgs& args);
TernaryMatmulF32Params params_of(const TernaryMatmulF32Args& args);

}  // namespace tritium
