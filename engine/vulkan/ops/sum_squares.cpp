#include <algorithm>

#include "vulkan/ops/bindings.h"
#include "vulkan/ops/grid.h"
#include "vulkan/ops/record.h"

namespace tritium::vulkan {

Status launch(Recorder& recorder, const SumSquares& op) {
  if (Status status = fit_whole(op, recorder.limits()); !status.ok()) return status;
  constexpr int64_t kMostParts = 1024;
  SumSquaresParams params = op.params();
  const int64_t n_parts = std::min(
      {kMostParts, ceil_div(op.x.elements(), 8 * kWorkgroup), static_cast<int64_t>(recorder.limits().groups[0])});
  const Result<Tensor> partial = recorder.scratch(n_parts);
  if (!partial.ok()) return partial.status();
  Status status = recorder.dispatch({.kernel = op.kName,
                                     .bindings = {{&op.x}, {&*partial, Access::write}},
                                     .push_constants = bytes_of(params),
                                     .groups = {static_cast<uint32_t>(n_parts), 1, 1}});
  if (!status.ok()) return status;
  params.n_values = static_cast<uint32_t>(n_parts);
  return recorder.dispatch({.kernel = "sum_squares.total",
                            .bindings = {{&*partial}, {&op.sums, Access::write}},
                            .push_constants = bytes_of(params),
                            .groups = {1, 1, 1}});
}

}  // namespace tritium::vulkan
