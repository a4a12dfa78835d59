// The operations of training, from tensors to the loops of operations.h.
#include "cpu_ref/host_memory.h"
#include "cpu_ref/operations.h"
#include "cpu_ref/reference_backend.h"
#include "cpu_ref/shadow.h"

namespace tritium {
namespace {

cpu_ref::ShadowPlanes planes_of(const ShadowUpdate& s) {
  return {.parameter = host_span<std::byte>(s.parameter.data),
          .sums = host_span<float>(s.sums),
          .alpha = host_span<float>(s.alpha),
          .words = host_span<uint32_t>(s.weight.data),
          .scales = host_span<float>(s.weight.scales),
          .flips = host_span<int32_t>(s.flips)};
}

}  // namespace

Status ReferenceBackend::embedding_backward(const EmbeddingBackwardArgs& a) {
  cpu_ref::embedding_backward(params_of(a), host_span<int32_t>(a.tokens), host_span<float>(a.dy),
                              host_span<float>(a.dtable));
  return Status();
}

Status ReferenceBackend::rms_norm_backward(const RmsNormBackwardArgs& a) {
  cpu_ref::rms_norm_backward(params_of(a), host_span<float>(a.x), host_span<float>(a.weight), host_span<float>(a.dy),
                             host_span<float>(a.dx), host_span<float>(a.dweight));
  return Status();
}

Status ReferenceBackend::ternary_matmul_backward(const TernaryMatmulBackwardArgs& a) {
  cpu_ref::ternary_matmul_backward(params_of(a), host_span<float>(a.dy), host_span<uint32_t>(a.weight.data),
                                   host_span<float>(a.weight.scales), host_span<int32_t>(a.expert_ids),
                                   host_span<float>(a.dx));
  return Status();
}

Status ReferenceBackend::dense_matmul_backward(const DenseMatmulBackwardArgs& a) {
  cpu_ref::dense_matmul_backward(params_of(a), host_span<float>(a.dy), host_span<std::byte>(a.weight.data),
                                 host_span<int32_t>(a.expert_ids), host_span<float>(a.dx));
  return Status();
}

Status ReferenceBackend::weight_gradient(const WeightGradientArgs& a) {
  cpu_ref::weight_gradient(params_of(a), host_span<float>(a.x), host_span<int8_t>(a.q), host_span<float>(a.scales),
                           host_span<float>(a.dy), host_span<int32_t>(a.expert_ids), host_span<float>(a.dw));
  return Status();
}

Status ReferenceBackend::attention_backward(const AttentionBackwardArgs& a) {
  cpu_ref::attention_backward(params_of(a), host_span<float>(a.q), host_span<float>(a.k), host_span<float>(a.v),
                              host_span<float>(a.dy), host_span<float>(a.dq), host_span<float>(a.dk),
                              host_span<float>(a.dv));
  return Status();
}

Status ReferenceBackend::gated_activation_backward(const GatedActivationBackwardArgs& a) {
  cpu_ref::gated_activation_backward(params_of(a), host_span<float>(a.gate), host_span<float>(a.up),
                                     host_span<float>(a.dy), host_span<float>(a.dgate), host_span<float>(a.dup));
  return Status();
}

Status ReferenceBackend::combine_experts_backward(const CombineExpertsBackwardArgs& a) {
  cpu_ref::combine_experts_backward(params_of(a), host_span<float>(a.x), host_span<float>(a.weights),
                                    host_span<float>(a.dy), host_span<float>(a.dx), host_span<float>(a.dweights));
  return Status();
}

Status ReferenceBackend::route_tokens_backward(const RouteTokensBackwardArgs& a) {
  cpu_ref::route_tokens_backward(params_of(a), host_span<float>(a.logits), host_span<int32_t>(a.expert_ids),
                                 host_span<float>(a.dweights), host_span<float>(a.load), host_span<float>(a.dlogits));
  return Status();
}

Status ReferenceBackend::expert_load(const ExpertLoadArgs& a) {
  cpu_ref::expert_load(params_of(a), host_span<int32_t>(a.expert_ids), host_span<float>(a.load));
  return Status();
}

Status ReferenceBackend::cross_entropy(const CrossEntropyArgs& a) {
  cpu_ref::cross_entropy(params_of(a), host_span<float>(a.logits), host_span<int32_t>(a.targets),
                         host_span<float>(a.losses), host_span<float>(a.dlogits));
  return Status();
}

Status ReferenceBackend::flip_trits(const FlipTritsArgs& a) {
  cpu_ref::flip_trits(params_of(a), host_span<float>(a.change), host_span<uint32_t>(a.weight.data),
                      host_span<float>(a.weight.scales), host_span<int32_t>(a.flips));
  return Status();
}

Status ReferenceBackend::kl_divergence(const KlDivergenceArgs& a) {
  cpu_ref::kl_divergence(params_of(a), host_span<float>(a.logits), host_span<float>(a.teacher),
                         host_span<int32_t>(a.targets), host_span<float>(a.losses), host_span<float>(a.dlogits));
  return Status();
}

Status ReferenceBackend::scaled_add(const ScaledAddArgs& a) {
  cpu_ref::scaled_add(params_of(a), host_span<float>(a.a), host_span<float>(a.b), host_span<float>(a.y));
  return Status();
}

Status ReferenceBackend::sum_squares(const SumSquaresArgs& a) {
  cpu_ref::sum_squares(params_of(a), host_span<float>(a.x), host_span<float>(a.sums));
  return Status();
}

Status ReferenceBackend::dequantize_activations(const DequantizeActivationsArgs& a) {
  cpu_ref::dequantize_activations(params_of(a), host_span<int8_t>(a.q), host_span<float>(a.scales),
                                  host_span<float>(a.x));
  return Status();
}

Status ReferenceBackend::absmean(const AbsmeanArgs& a) {
  cpu_ref::absmean(params_of(a), host_span<float>(a.sums), host_span<float>(a.alpha));
  return Status();
}

Status ReferenceBackend::ternarize(const TernarizeArgs& a) {
  cpu_ref::ternarize(params_of(a), host_span<std::byte>(a.parameter.data), host_span<float>(a.alpha),
                     host_span<uint32_t>(a.weight.data), host_span<float>(a.weight.scales),
                     host_span<int32_t>(a.flips));
  return Status();
}

Status ReferenceBackend::fake_quantize(const FakeQuantizeArgs& a) {
  cpu_ref::fake_quantize(params_of(a), host_span<std::byte>(a.parameter.data), host_span<float>(a.alpha),
                         host_span<float>(a.y.data));
  return Status();
}

Status ReferenceBackend::adamw_update(const AdamwUpdateArgs& a) {
  const bool codes = static_cast<bool>(a.m_scales);
  const cpu_ref::MomentPlanes moments = {.m = codes ? std::span<float>() : host_span<float>(a.m),
                                         .v = codes ? std::span<float>() : host_span<float>(a.v),
                                         .m_codes = codes ? host_span<int8_t>(a.m) : std::span<int8_t>(),
                                         .v_codes = codes ? host_span<int8_t>(a.v) : std::span<int8_t>(),
                                         .m_scales = host_span<float>(a.m_scales),
                                         .v_scales = host_span<float>(a.v_scales)};
  cpu_ref::adamw_update(params_of(a), host_span<float>(a.gradient), moments, planes_of(a.shadow));
  return Status();
}

Status ReferenceBackend::sgd_update(const SgdUpdateArgs& a) {
  cpu_ref::sgd_update(params_of(a), host_span<float>(a.gradient), host_span<float>(a.m), planes_of(a.shadow));
  return Status();
}

}  // namespace tritium
