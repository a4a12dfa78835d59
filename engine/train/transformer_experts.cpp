// The order of the experts in a layer that trains some of them. Rows of the router and its bias go with their experts,
// so the layer computes what it did.
#include <algorithm>
#include <cstring>

#include "train/transformer.h"

namespace tritium::training {
namespace {

// n equal parts of the bytes, the one that is at from[i] to i.
std::vector<std::byte> reordered(std::span<const std::byte> bytes, std::span<const int64_t> from) {
  std::vector<std::byte> out(bytes.size());
  const size_t part = bytes.size() / from.size();
  for (size_t i = 0; i < from.size(); ++i)
    std::memcpy(out.data() + i * part, bytes.data() + static_cast<size_t>(from[i]) * part, part);
  return out;
}

Status reorder_tensor(Backend& backend, const Tensor& tensor, std::span<const int64_t> from) {
  if (!tensor) return Status();
  std::vector<std::byte> bytes(static_cast<size_t>(tensor.bytes()));
  if (Status s = backend.download(tensor, bytes); !s.ok()) return s;
  return backend.upload(tensor, reordered(bytes, from));
}

Status clear_tensor(Backend& backend, const Tensor& tensor) {
  if (!tensor) return Status();
  return backend.upload(tensor, std::vector<std::byte>(static_cast<size_t>(tensor.bytes())));
}

Status reorder_trits(Backend& backend, BitLinear& stack, std::span<const int64_t> from) {
  Result<TernaryMatrix> trits = backend.download_weight(stack.packed);
  if (!trits.ok()) return trits.status();
  const auto put = [&](auto values) {
    const std::vector<std::byte> bytes = reordered(std::as_bytes(values), from);
    std::memcpy(values.data(), bytes.data(), bytes.size());
  };
  put(trits->words());
  if (trits->scales().size() >= from.size()) put(trits->scales());
  Result<Weight> weight = backend.upload_weight(*trits, stack.name);
  if (weight.ok()) stack.packed = *weight;
  return weight.status();
}

// A router's rows, or its bias.
Status reorder_router(Backend& backend, BitLinear& p, std::span<const int64_t> from) {
  for (const Tensor* t : {&p.shadow.data, &p.m, &p.v, &p.m_scales, &p.v_scales, &p.row_squares, &p.average})
    if (Status s = reorder_tensor(backend, *t, from); !s.ok()) return s;
  return Status();
}

Status forget_states(Backend& backend, const BitLinear& p) {
  for (const Tensor* t : {&p.m, &p.v, &p.m_scales, &p.v_scales, &p.row_squares, &p.col_squares})
    if (Status s = clear_tensor(backend, *t); !s.ok()) return s;
  return Status();
}

}  // namespace

// Trits, and the rows of the router, in the order that is wanted.
Status Transformer::place_experts(Backend& backend, size_t layer, const std::vector<int32_t>& wanted) {
  std::vector<int64_t> from;
  from.reserve(wanted.size());
  for (const int32_t expert : wanted)
    from.push_back(std::ranges::find(experts_[layer], expert) - experts_[layer].begin());
  const LayerParameters& parts = parameters_.layers[layer];
  for (BitLinear* p : parameters_of(static_cast<int64_t>(layer))) {
    Status s;
    if (p->trains_in_part())
      s = reorder_trits(backend, *p, from);
    else if (p == parts.ffn_router || p == parts.ffn_router_bias)
      s = reorder_router(backend, *p, from);
    if (!s.ok()) return s;
  }
  experts_[layer] = wanted;
  return Status();
}

Status Transformer::order_experts(Backend& backend, const ExpertOrder& wanted) {
  Allocator allocator(backend);
  for (size_t layer = 0; layer < experts_.size(); ++layer) {
    if (wanted[layer] == experts_[layer]) continue;
    if (Status s = place_experts(backend, layer, wanted[layer]); !s.ok()) return s;
    for (BitLinear* p : parameters_of(static_cast<int64_t>(layer)))
      if (p->trains_in_part())
        if (Status s = start_from_trits(allocator, *p); !s.ok()) return s;
  }
  return allocator.status();
}

Tensor Transformer::uses_of(const BitLinear& p) const {
  const bool of_experts = p.trains_in_part() || (p.n_matrices > 1 && p.n_matrices == config_.n_experts);
  if (!of_experts || uses_.empty() || p.layer < 0 || p.layer >= config_.n_layers()) return {};
  Tensor uses = uses_[static_cast<size_t>(p.layer)];
  uses.shape = {p.n_matrices};
  return uses;
}

void Transformer::record_no_uses(Ops& ops, int64_t layer) const {
  if (uses_.empty() || layer < 0 || layer >= config_.n_layers()) return;
  const Tensor& uses = uses_[static_cast<size_t>(layer)];
  ops(ScaledAdd{.a = uses, .b = uses, .y = uses, .a_scale = 0.0f, .b_scale = 0.0f});
}

Status Transformer::restore_experts(Backend& backend) {
  for (size_t layer = 0; layer < experts_.size(); ++layer) {
    std::vector<int32_t> as_in_file = experts_[layer];
    std::ranges::sort(as_in_file);
    if (Status s = place_experts(backend, layer, as_in_file); !s.ok()) return s;
    for (BitLinear* p : parameters_of(static_cast<int64_t>(layer)))
      if (p->trains_in_part()) p->drop_shadow();
  }
  return Status();
}

// Other experts than before: their shadows, and nothing of what was learned of the others.
Status Transformer::start_from_trits(Allocator& allocator, BitLinear& p) {
  const WeightQuantizer* quantizer = quantizer_of(p);
  p.as_loaded = true;
  if (Status s = forget_states(*allocator.backend(), p); !s.ok()) return s;
  return quantizer->bound() ? p.init_shadow_as_dequantized(allocator)
                            : p.init_shadow_from_ternary(allocator, quantizer->alpha().elements());
}

}  // namespace tritium::training
