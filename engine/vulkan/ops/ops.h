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
