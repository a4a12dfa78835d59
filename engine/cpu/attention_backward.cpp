#include <new>

#include "cpu/backend.h"

namespace tritium {

Status CpuBackend::compute(const AttentionBackward& a) try {
  run_training_attention({.p = a.params(),
                          .q = host_span<float>(a.q).data(),
                          .k = host_span<float>(a.k).data(),
                          .v = host_span<float>(a.v).data(),
                          .y = nullptr,
                          .dy = host_span<float>(a.dy).data(),
                          .dq = host_span<float>(a.dq).data(),
                          .dk = host_span<float>(a.dk).data(),
                          .dv = host_span<float>(a.dv).data()},
                         kernels_.attention.attention_backward);
  return Status();
} catch (const std::bad_alloc&) {
  return Status(StatusCode::out_of_memory, "attention_backward: no memory for the weights of a block of queries");
}

// Throws std::bad_alloc.
void CpuBackend::run_training_attention(const cpu::TrainingAttention& call,
                                        void (*kernel)(const cpu::TrainingAttention&, float*, int64_t, int64_t)) {
  const auto scratch = static_cast<size_t>(2 * cpu::kTrainingQueries * call.p.sequence_length);
  const int64_t n_tasks = int64_t{call.p.n_sequences} * call.p.n_kv_heads;
  const int64_t n_parts = std::min<int64_t>(pool_.threads(), n_tasks);
  attention_scratch_.resize(scratch * static_cast<size_t>(n_parts));
  pool_.for_each(n_parts, [&](int64_t part) noexcept {
    kernel(call, attention_scratch_.data() + scratch * static_cast<size_t>(part), n_tasks * part / n_parts,
           n_tasks * (part + 1) / n_parts);
  });
}

}  // namespace tritium
