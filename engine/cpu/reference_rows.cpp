// Operations that share the reference's loop among threads: a part of the rows is a call of it on that part of the
// tensors.
#include <atomic>
#include <new>

#include "cpu/backend.h"

namespace tritium {
namespace {

// The rows of a part, of a tensor that all `n` rows share equally.
template <typename T>
std::span<T> part_of(const Tensor& tensor, int64_t n, int64_t first, int64_t last) {
  const std::span<T> values = host_span<T>(tensor);
  const size_t row = values.size() / static_cast<size_t>(n);
  return values.subspan(static_cast<size_t>(first) * row, static_cast<size_t>(last - first) * row);
}

}  // namespace

// The reference's loop takes about 1 ns a value: the one row of a decoded token, of 151936 logits, less than a
// hundredth of the product that made it. A kernel for vector registers would not be noticed.
Status CpuBackend::compute(const Argmax& op) {
  const ArgmaxParams p = op.params();
  split(p.n_rows, p.cols, [&](int64_t first, int64_t last) noexcept {
    cpu_ref::argmax({.n_rows = u32(last - first), .cols = p.cols}, part_of<float>(op.logits, p.n_rows, first, last),
                    part_of<int32_t>(op.ids, p.n_rows, first, last));
  });
  return Status();
}

Status CpuBackend::compute(const DequantizeActivations& op) {
  const DequantizeActivationsParams p = op.params();
  split(p.n_rows, p.cols, [&](int64_t first, int64_t last) noexcept {
    DequantizeActivationsParams part = p;
    part.n_rows = u32(last - first);
    cpu_ref::dequantize_activations(part, part_of<int8_t>(op.q, p.n_rows, first, last),
                                    part_of<float>(op.scales, p.n_rows, first, last),
                                    part_of<float>(op.x, p.n_rows, first, last));
  });
  return Status();
}

Status CpuBackend::compute(const CombineExpertsBackward& op) {
  const CombineExpertsBackwardParams p = op.params();
  split(p.n_tokens, int64_t{p.top_k} * p.dim, [&](int64_t first, int64_t last) noexcept {
    CombineExpertsBackwardParams part = p;
    part.n_tokens = u32(last - first);
    const auto rows = [&](const Tensor& tensor) { return part_of<float>(tensor, p.n_tokens, first, last); };
    cpu_ref::combine_experts_backward(part, rows(op.x), rows(op.weights), rows(op.dy), rows(op.dx), rows(op.dweights));
  });
  return Status();
}

Status CpuBackend::compute(const RouteTokensBackward& op) {
  const RouteTokensBackwardParams p = op.params();
  std::atomic<bool> memory_ended = false;  // a worker has nobody to throw to
  split(p.n_tokens, p.n_experts * 8, [&](int64_t first, int64_t last) noexcept {
    RouteTokensBackwardParams part = p;
    part.n_tokens = u32(last - first);
    try {
      cpu_ref::route_tokens_backward(part, part_of<float>(op.logits, p.n_tokens, first, last),
                                     part_of<int32_t>(op.expert_ids, p.n_tokens, first, last),
                                     part_of<float>(op.dweights, p.n_tokens, first, last), host_span<float>(op.load),
                                     part_of<float>(op.dlogits, p.n_tokens, first, last));
    } catch (const std::bad_alloc&) {
      memory_ended = true;
    }
  });
  if (memory_ended)
    return Status(StatusCode::out_of_memory, "route_tokens_backward: no memory for a row of probabilities");
  return Status();
}

// Which alpha a row has follows from its number among all of them.
Status CpuBackend::compute(const FakeQuantize& op) {
  const FakeQuantizeParams p = cpu_ref::params_of(op);
  split(p.n_rows, p.cols * 4, [&](int64_t first, int64_t last) noexcept {
    cpu_ref::fake_quantize_rows(p, host_span<std::byte>(op.parameter.data), host_span<float>(op.alpha),
                                host_span<float>(op.y.data), static_cast<size_t>(first), static_cast<size_t>(last));
  });
  return Status();
}

}  // namespace tritium
