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

}  // namespace

Status launch(Recorder& recorder, const Attention& op) {
  const Limits& limits = recorder.limits();
  if (Status status = fit_whole(op, limits); !status.ok()) return status;
  if (Status status = fits_kernel(op); !status.ok()) return status;
  const int64_t n_tokens = op.q.shape[0], unit = aligned_tokens(op, limits);
  const double seconds = seconds_of(most_work_of(op), limits.rates);
  const int64_t step = round_up(ceil_div(n_tokens, dispatches_of(seconds)), unit);
  AttentionParams params = op.params();
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
                                       .groups = folded_groups(n * op.q.shape[1], limits),
                                       .seconds = seconds * static_cast<double>(n) / static_cast<double>(n_tokens)});
    if (!status.ok()) return status;
  }
  return Status();
}

}  // namespace tritium::vulkan
