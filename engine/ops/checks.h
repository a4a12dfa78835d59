// The preconditions of every operation, checked once for all backends. A failure is a bug in our model code or in a
// caller of the op interface, reported as `internal` with the operation and the shapes, never a crash in a kernel.
#pragma once

#include "ops/args.h"
#include "tritium/status.hpp"

namespace tritium {

Status check(const EmbeddingArgs& args);
Status check(const RmsNormArgs& args);
Status check(const QuantizeActivationsArgs& args);
Status check(const TernaryMatmulArgs& args);
Status check(const TernaryMatmulF32Args& args);
Status check(const DenseMatmulArgs& args);
Status check(const RopeArgs& args);
Status check(const StoreKvArgs& args);
Status check(const AttentionArgs& args);
Status check(const GatedActivationArgs& args);
Status check(const AddArgs& args);
Status check(const RouteTokensArgs& args);
Status check(const CombineExpertsArgs& args);
Status check(const EmbeddingBackwardArgs& args);
Status check(const RmsNormBackwardArgs& args);
Status check(const TernaryMatmulBackwardArgs& args);
Status check(const DenseMatmulBackwardArgs& args);
Status check(const WeightGradientArgs& args);
Status check(const AttentionBackwardArgs& args);
Status check(const GatedActivationBackwardArgs& args);
Status check(const CombineExpertsBackwardArgs& args);
Status check(const RouteTokensBackwardArgs& args);
Status check(const ExpertLoadArgs& args);
Status check(const CrossEntropyArgs& args);
Status check(const FlipTritsArgs& args);
Status check(const KlDivergenceArgs& args);
Status check(const ScaledAddArgs& args);
Status check(const SumSquaresArgs& args);
Status check(const DequantizeActivationsArgs& args);
Status check(const AbsmeanArgs& args);
Status check(const TernarizeArgs& args);
Status check(const FakeQuantizeArgs& args);
Status check(const AdamwUpdateArgs& args);
Status check(const SgdUpdateArgs& args);

}  // namespace tritium
