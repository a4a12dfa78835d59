// Attention of many tokens over long contexts is more than a dispatch should take: tokens are dealt out to several.
#include <algorithm>
#include <numeric>

#include "ops/op_work.h"
#include "vulkan/ops/bindings.h"
#include "vulkan/ops/grid.h"
#include "vulkan/ops/record.h"

namespace tritium::vulkan {
namespace {

// Tokens that begin aligned in all three tensors that have a row for each.
int64_t aligned_tokens(const Attention& op, const Limits& limits) {
  const auto alignment = static_cast<int64_t>(limits.storage_alignment);
  int64_t unit = 1;
  for (const Tensor* t : {&op.q, &op.rows, &op.y}) {
    const int64_t bytes = t->bytes() / t->shape[0];
    unit = std::lcm(unit, alignment / std::gcd(alignment, bytes));
  }
  return unit;
}

// How many heads a workgroup computes: they share the reading of keys and values, as long as there is work for a
// device, and room for their queries in shared memory and for their sums in registers (shaders/lib/attend.glsl).
int64_t heads_together(const Attention& op) {
  constexpr int64_t kEnough = 512;  // workgroups
  constexpr int64_t kMostBytes = 16000, kMostColumns = 8;
  const int64_t of_kv_head = op.q.shape[1] / op.k_cache.shape[1], all = op.q.shape[0] * op.q.shape[1];
  const int64_t bytes = 4 * op.q.shape[2] + 4 * (128 + 16), columns = ceil_div(op.v_cache.shape[2], kWorkgroup);
  int64_t heads = 1;
  for (int64_t n = 2; n <= of_kv_head && n * bytes <= kMostBytes && n * columns <= kMostColumns; ++n)
    if (of_kv_head % n == 0 && all / n >= kEnough) heads = n;
  return heads;
}

}  // namespace

Status launch(Recorder& recorder, const Attention& op) {
  const Limits& limits = recorder.limits();
  if (Status status = fit_whole(op, limits); !status.ok()) return status;
  if (Status status = fits_kernel(op); !status.ok()) return status;
  const int64_t n_tokens = op.q.shape[0], unit = aligned_tokens(op, limits);
  const double seconds = seconds_of(most_work_of(op), limits.rates);
  const int64_t step = round_up(ceil_div(n_tokens, dispatches_of(seconds)), unit);
  const int64_t heads = heads_together(op);
  AttentionParams params = op.params();
  const std::vector<uint32_t> constants = {u32(heads), params.key_dim, params.value_dim, params.cache_dtype};
  for (int64_t first = 0; first < n_tokens; first += step) {
    const int64_t n = std::min(step, n_tokens - first);
    params.n_tokens = u32(n);
    std::vector<Binding> bindings = bindings_of(op);
    for (Binding& b : bindings)
      if (b.tensor == &op.q || b.tensor == &op.rows || b.tensor == &op.y) {
        const int64_t bytes = b.tensor->bytes() / n_tokens;
        b.offset = static_cast<uint64_t>(first * bytes);
        b.bytes = static_cast<uint64_t>(n * bytes);
      }
    Status status = recorder.dispatch({.kernel = Attention::kName,
                                       .bindings = std::move(bindings),
                                       .push_constants = bytes_of(params),
                                       .groups = folded_groups(n * op.q.shape[1] / heads, limits),
                                       .constants = constants,
                                       .seconds = seconds * static_cast<double>(n) / static_cast<double>(n_tokens)});
    if (!status.ok()) return status;
  }
  return Status();
}

}  // namespace tritium::vulkan
