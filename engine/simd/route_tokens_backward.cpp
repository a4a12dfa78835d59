#include <atomic>
#include <new>

#include "cpu_ref/operations.h"
#include "simd/simd_backend.h"

namespace tritium {

// A part of the tokens is a call of the reference's loop on its part of the tensors.
Status SimdBackend::route_tokens_backward(const RouteTokensBackwardArgs& a) {
  const RouteTokensBackwardParams p = params_of(a);
  std::atomic<bool> memory_ended = false;  // a worker has nobody to throw to
  split(p.n_tokens, p.n_experts * 8, [&](int64_t first, int64_t last) noexcept {
    RouteTokensBackwardParams part = p;
    part.n_tokens = static_cast<uint32_t>(last - first);
    try {
      cpu_ref::route_tokens_backward(part, rows_of(host_span<float>(a.logits), first, last, p.n_experts),
                                     rows_of(host_span<int32_t>(a.expert_ids), first, last, p.top_k),
                                     rows_of(host_span<float>(a.dweights), first, last, p.top_k),
                                     host_span<float>(a.load),
                                     rows_of(host_span<float>(a.dlogits), first, last, p.n_experts));
    } catch (const std::bad_alloc&) {
      memory_ended = true;
    }
  });
  if (memory_ended)
    return Status(StatusCode::out_of_memory, "route_tokens_backward: no memory for a row of probabilities");
  return Status();
}

}  // namespace tritium
