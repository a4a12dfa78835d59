#include "ops/ops.h"

#include <utility>

#include "ops/checks.h"

namespace tritium {

Status dispatch(Backend& backend, const EmbeddingArgs& args) { return backend.embedding(args); }
Status dispatch(Backend& backend, const RmsNormArgs& args) { return backend.rms_norm(args); }
Status dispatch(Backend& backend, const QuantizeActivationsArgs& args) { return backend.quantize_activations(args); }
Status dispatch(Backend& backend, const TernaryMatmulArgs& args) { return backend.ternary_matmul(args); }
Status dispatch(Backend& backend, const TernaryMatmulF32Args& args) { return backend.ternary_matmul_f32(args); }
Status dispatch(Backend& backend, const DenseMatmulArgs& args) { return backend.dense_matmul(args); }
Status dispatch(Backend& backend, const RopeArgs& args) { return backend.rope(args); }
Status dispatch(Backend& backend, const StoreKvArgs& args) { return backend.store_kv(args); }
Status dispatch(Backend& backend, const AttentionArgs& args) { return backend.attention(args); }
Status dispatch(Backend& backend, const GatedActivationArgs& args) { return backend.gated_activation(args); }
Status dispatch(Backend& backend, const AddArgs& args) { return backend.add(args); }
Status dispatch(Backend& backend, const RouteTokensArgs& args) { return backend.route_tokens(args); }
Status dispatch(Backend& backend, const CombineExpertsArgs& args) { return backend.combine_experts(args); }

template <typename Args>
void Ops::record(const Args& args) {
  if (!status_.ok()) return;
  status_ = check(args);
  if (status_.ok()) status_ = dispatch(backend_, args);
}

void Ops::embedding(const EmbeddingArgs& args) { record(args); }
void Ops::rms_norm(const RmsNormArgs& args) { record(args); }
void Ops::quantize_activations(const QuantizeActivationsArgs& args) { record(args); }
void Ops::ternary_matmul(const TernaryMatmulArgs& args) { record(args); }
void Ops::ternary_matmul_f32(const TernaryMatmulF32Args& args) { record(args); }
void Ops::dense_matmul(const DenseMatmulArgs& args) { record(args); }
void Ops::rope(const RopeArgs& args) { record(args); }
void Ops::store_kv(const StoreKvArgs& args) { record(args); }
void Ops::attention(const AttentionArgs& args) { record(args); }
void Ops::gated_activation(const GatedActivationArgs& args) { record(args); }
void Ops::add(const AddArgs& args) { record(args); }
void Ops::route_tokens(const RouteTokensArgs& args) { record(args); }
void Ops::combine_experts(const CombineExpertsArgs& args) { record(args); }

void Ops::upload(const Tensor& tensor, std::span<const std::byte> data) {
  if (status_.ok()) status_ = backend_.upload(tensor, data);
}

void Ops::download(const Tensor& tensor, std::span<std::byte> data) {
  if (status_.ok()) status_ = backend_.download(tensor, data);
}

Status Ops::finish() { return std::exchange(status_, Status()); }

}  // namespace tritium
