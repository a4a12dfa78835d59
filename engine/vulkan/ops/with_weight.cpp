// Operations that read a weight, which may be larger than what a descriptor sees: a dispatch of the kernel of their
// name for each window of its rows.
#include <algorithm>
#include <bit>

#include "vulkan/ops/bindings.h"
#include "vulkan/ops/grid.h"
#include "vulkan/ops/record.h"
#include "vulkan/ops/row_windows.h"

namespace tritium::vulkan {
namespace {

using Groups = std::array<uint32_t, 3>;

// `slot`: of the gradients of inputs. Their later windows add to what the first one wrote.
template <typename Op>
Status launch_windows(Recorder& recorder, Op op, const Weight& weight, const Groups& groups,
                      const std::vector<uint32_t>& constants, uint32_t slot = 0) {
  const int64_t row_bytes = weight.data.bytes() / rows_of(weight);
  const int64_t scale_bytes = weight.scales ? weight.scales.bytes() / rows_of(weight) : 0;
  const double seconds = seconds_of(most_work_of(op), recorder.limits().rates);
  const auto windows = row_windows(rows_of(weight), {row_bytes, scale_bytes}, recorder.limits(),
                                   ceil_div(rows_of(weight), dispatches_of(seconds)));
  for (const RowWindow& w : windows) {
    auto params = op.params();
    params.first_weight_row = u32(w.first);
    params.n_weight_rows = u32(w.count);
    if constexpr (requires { params.slot; }) params.slot = slot;
    const auto bind = [&](const Tensor& plane, int64_t bytes_a_row) {
      return Binding{plane ? &plane : nullptr, Access::read, static_cast<uint64_t>(w.first * bytes_a_row),
                     static_cast<uint64_t>(w.count * bytes_a_row)};
    };
    const WeightPlanes planes = {bind(weight.data, row_bytes), bind(weight.scales, scale_bytes)};
    Status status = recorder.dispatch({.kernel = Op::kName,
                                       .bindings = bindings_of(op, &planes),
                                       .push_constants = bytes_of(params),
                                       .groups = groups,
                                       .constants = constants,
                                       .seconds = seconds / static_cast<double>(windows.size())});
    if (!status.ok()) return status;
    if constexpr (requires { op.accumulate; }) op.accumulate = true;
  }
  return Status();
}

// Deals the outputs of a product out to teams (shaders/lib/team.glsl). `steps`: how many invocations a row of the
// weight keeps busy. Groups beyond what the device allows are done in turns (shaders/lib/product.glsl).
template <typename Op>
Status launch_product(Recorder& recorder, const Op& op, int64_t steps,
                      const std::vector<uint32_t>& more_constants = {}) {
  constexpr int64_t kLargestTeam = 32;
  constexpr int64_t kManyOutputs = 4096;  // enough to fill a device with a fourth of the teams
  const Limits& limits = recorder.limits();
  const int64_t n_rows = op.y.shape[0], out_features = op.weight.rows;
  const uint64_t team = std::bit_floor(static_cast<uint64_t>(std::clamp<int64_t>(steps, 1, kLargestTeam)));
  const int64_t tile = op.expert_ids || n_rows == 1 ? 1 : 8;  // rows of y that share a weight read
  // Rows of the weight that share an activation read.
  const int64_t features = tile > 1 ? 2 : n_rows * out_features >= kManyOutputs ? 4 : 1;
  const int64_t block = kWorkgroup / static_cast<int64_t>(team) * features;
  const Groups groups = {u32(std::min<int64_t>(ceil_div(out_features, block), limits.groups[0])),
                         u32(std::min<int64_t>(ceil_div(n_rows, tile), limits.groups[1])), 1};
  std::vector<uint32_t> constants = {static_cast<uint32_t>(team), u32(tile), u32(features)};
  constants.insert(constants.end(), more_constants.begin(), more_constants.end());
  return launch_windows(recorder, op, op.weight, groups, constants);
}

// Of shaders/lib/float_product.glsl. `step`: columns that an invocation takes at a time.
template <typename Op>
Status launch_float_product(Recorder& recorder, const Op& op, int64_t step, std::vector<uint32_t> more_constants = {}) {
  more_constants.insert(more_constants.begin(), op.weight.cols % step == 0 ? 1u : 0u);
  return launch_product(recorder, op, ceil_div(op.weight.cols, step), more_constants);
}

// For every slot of the rows of x in order (shaders/lib/backward_product.glsl). All but the first add to dx.
template <typename Op>
Status launch_product_backward(Recorder& recorder, Op op) {
  constexpr int64_t kRows = 32, kColumns = 64;  // of a workgroup
  const Limits& limits = recorder.limits();
  if (Status status = fit_whole(op.kName, {&op.dy, &op.dx}, limits); !status.ok()) return status;
  const int64_t matrices = op.expert_ids ? op.weight.n_matrices : 1;  // 0 alone when not routed
  const int64_t stripes = ceil_div(op.dx.shape[0], kRows * matrices);
  const Groups groups = folded_groups(stripes * matrices * ceil_div(op.weight.cols, kColumns), limits);
  const uint32_t slots = op.params().rows_per_x;
  for (uint32_t slot = 0; slot < slots; ++slot) {
    if (Status status = launch_windows(recorder, op, op.weight, groups, {}, slot); !status.ok()) return status;
    op.accumulate = true;
  }
  return Status();
}

}  // namespace

Status launch(Recorder& recorder, const Embedding& op) {
  return launch_windows(recorder, op, op.table, folded_groups(groups_for_values(op.y), recorder.limits()), {});
}

Status launch(Recorder& recorder, const TernaryMatmul& op) {
  const TernaryMatmulParams params = op.params();
  // Columns that an invocation takes at a time: they must not cross a segment, and 64 are one load of weights.
  const uint32_t step = std::min({params.group_size, params.block, 64u});
  return launch_product(recorder, op, params.padded_cols / step,
                        {step, params.n_groups > 1 ? params.group_size : 0u, params.n_blocks > 1 ? params.block : 0u});
}

// An invocation takes a word of 16 trits at a time.
Status launch(Recorder& recorder, const TernaryMatmulF32& op) { return launch_float_product(recorder, op, 16); }

// An invocation takes whole pieces of 16 bytes at a time.
Status launch(Recorder& recorder, const PackedMatmul& op) {
  const int64_t step = op.weight.dtype == DType::q6_k ? 64 : 32;
  return launch_product(recorder, op, op.weight.row_stride / step, {static_cast<uint32_t>(op.weight.dtype)});
}

// An invocation takes 16 columns at a time, which share a scale.
Status launch(Recorder& recorder, const PackedMatmulF32& op) {
  return launch_float_product(recorder, op, 16, {static_cast<uint32_t>(op.weight.dtype)});
}

// An invocation takes 8 columns at a time.
Status launch(Recorder& recorder, const DenseMatmul& op) {
  return launch_float_product(recorder, op, 8, {static_cast<uint32_t>(op.weight.dtype)});
}

Status launch(Recorder& recorder, const TernaryMatmulBackward& op) { return launch_product_backward(recorder, op); }

Status launch(Recorder& recorder, const DenseMatmulBackward& op) { return launch_product_backward(recorder, op); }

}  // namespace tritium::vulkan
