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

}  // namespace tritium
