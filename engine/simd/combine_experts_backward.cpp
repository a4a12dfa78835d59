#include "cpu_ref/operations.h"
#include "simd/simd_backend.h"

namespace tritium {

// A part of the tokens is a call of the reference's loop on its part of the tensors.
Status SimdBackend::combine_experts_backward(const CombineExpertsBackwardArgs& a) {
  const CombineExpertsBackwardParams p = params_of(a);
  const int64_t slots_dim = int64_t{p.top_k} * p.dim;
  split(p.n_tokens, slots_dim, [&](int64_t first, int64_t last) noexcept {
    CombineExpertsBackwardParams part = p;
    part.n_tokens = static_cast<uint32_t>(last - first);
    cpu_ref::combine_experts_backward(part, rows_of(host_span<float>(a.x), first, last, slots_dim),
                                      rows_of(host_span<float>(a.weights), first, last, p.top_k),
                                      rows_of(host_span<float>(a.dy), first, last, p.dim),
                                      rows_of(host_span<float>(a.dx), first, last, slots_dim),
                                      rows_of(host_span<float>(a.dweights), first, last, p.top_k));
  });
  return Status();
}

}  // namespace tritium
