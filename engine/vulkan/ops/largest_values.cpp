// Searches of long rows, such as the logits of a vocabulary: each part of a row by a workgroup, then what they found.
#include <algorithm>

#include "vulkan/ops/bindings.h"
#include "vulkan/ops/grid.h"
#include "vulkan/ops/record.h"

namespace tritium::vulkan {
namespace {

// One workgroup looks at so many values in little more time than it takes to wait for another dispatch.
constexpr int64_t kShortRow = 8192;
// Of a longer row; `results` of each part are looked at again.
int64_t parts_of(int64_t cols, int64_t results) {
  constexpr int64_t kValues = 2048;  // of a part
  return std::min(ceil_div(cols, kValues), std::max<int64_t>(1, kShortRow / results));
}

}  // namespace

Status launch(Recorder& recorder, const Argmax& op) {
  constexpr uint32_t kWhole = 0, kPart = 1, kMerge = 2;
  if (Status status = fit_whole(op, recorder.limits()); !status.ok()) return status;
  ArgmaxParams params = op.params();
  const int64_t rows = op.logits.shape[0], cols = op.logits.shape[1];
  Dispatch search = {.kernel = op.kName,
                     .bindings = {{&op.logits}, {&op.ids, Access::write}, {nullptr, Access::write}},
                     .push_constants = bytes_of(params),
                     .groups = folded_groups(rows, recorder.limits()),
                     .constants = {kWhole}};
  if (cols <= kShortRow) return recorder.dispatch(search);
  params.n_parts = u32(parts_of(cols, 1));
  const Result<Tensor> parts = recorder.scratch(2 * rows * params.n_parts);
  if (!parts.ok()) return parts.status();
  search.bindings = {{&op.logits}, {nullptr, Access::write}, {&*parts, Access::write}};
  search.groups = folded_groups(rows * params.n_parts, recorder.limits());
  search.constants = {kPart};
  if (Status status = recorder.dispatch(search); !status.ok()) return status;
  search.bindings = {{nullptr}, {&op.ids, Access::write}, {&*parts, Access::write}};
  search.groups = folded_groups(rows, recorder.limits());
  search.constants = {kMerge};
  return recorder.dispatch(search);
}

Status launch(Recorder& recorder, const TopCandidates& op) {
  if (Status status = fit_whole(op, recorder.limits()); !status.ok()) return status;
  TopCandidatesParams params = op.params();
  const int64_t rows = op.logits.shape[0];
  params.n_parts = u32(parts_of(op.logits.shape[1], params.k));
  const Result<Tensor> parts = recorder.scratch(2 * rows * params.n_parts * params.k);
  if (!parts.ok()) return parts.status();
  Dispatch search = {.kernel = op.kName,
                     .bindings = {{&op.logits}, {nullptr, Access::write}, {&*parts, Access::write}},
                     .push_constants = bytes_of(params),
                     .groups = folded_groups(rows * params.n_parts, recorder.limits()),
                     .constants = {0}};
  if (Status status = recorder.dispatch(search); !status.ok()) return status;
  search.bindings = {{&op.logits}, {&op.candidates, Access::write}, {&*parts, Access::write}};
  search.groups = folded_groups(rows, recorder.limits());
  search.constants = {1};
  return recorder.dispatch(search);
}

}  // namespace tritium::vulkan
