// The direction in six dispatches: squares of rows and of chunks of columns, the factors of each matrix, squares of the
// direction, its clipping, the direction.
#include "vulkan/ops/bindings.h"
#include "vulkan/ops/grid.h"
#include "vulkan/ops/record.h"

namespace tritium::vulkan {
namespace {

// What one dispatch leaves to the next, in one piece of memory.
struct FactorPlanes {
  Binding rows;     // f32 [n_matrices, rows]: sums of squares, then factors
  Binding squares;  // f32 [n_matrices, rows]: of the direction
  Binding columns;  // f32 [n_matrices, chunks, cols]: sums of squares; of chunk 0 then factors
};

}  // namespace

Status launch(Recorder& recorder, const FactoredDirection& op) {
  const Limits& limits = recorder.limits();
  if (Status status = fit_whole(op, limits); !status.ok()) return status;
  const FactoredDirectionParams p = op.params();
  const int64_t n = p.n_matrices, chunks = ceil_div(p.rows, p.chunk_rows);
  const int64_t row_floats = round_up(n * p.rows, 64), column_floats = n * chunks * p.cols;
  const Result<Tensor> scratch = recorder.scratch(2 * row_floats + column_floats);
  if (!scratch.ok()) return scratch.status();
  if (Status status = fit_whole(op.kName, {&*scratch}, limits); !status.ok()) return status;
  const auto plane = [&](int64_t first, int64_t floats) {
    return Binding{&*scratch, Access::write, static_cast<uint64_t>(first) * 4, static_cast<uint64_t>(floats) * 4};
  };
  const FactorPlanes planes = {plane(0, row_floats), plane(row_floats, row_floats),
                               plane(2 * row_floats, column_floats)};
  const auto read = [](Binding plane) {
    plane.access = Access::read;
    return plane;
  };
  const Binding gradient = {&op.gradient, Access::write}, now = {op.now ? &op.now : nullptr};
  const std::vector<uint32_t> at_step = {op.now ? 1u : 0u};
  Status status;
  const auto dispatch = [&](std::string_view kernel, std::vector<Binding> bindings, int64_t groups,
                            std::vector<uint32_t> constants) {
    if (!status.ok()) return;
    status = recorder.dispatch({.kernel = kernel,
                                .bindings = std::move(bindings),
                                .push_constants = bytes_of(p),
                                .groups = folded_groups(groups, limits),
                                .constants = std::move(constants)});
  };
  const int64_t strips = ceil_div(p.cols, kWorkgroup);
  dispatch("factored_direction.rows", {{&op.gradient}, read(planes.squares), read(planes.columns), planes.rows},
           n * p.rows, {0});
  dispatch("factored_direction.columns", {{&op.gradient}, planes.columns}, n * chunks * strips, {});
  dispatch("factored_direction.factors",
           {planes.rows, planes.columns, {&op.row_squares, Access::write}, {&op.col_squares, Access::write}, now}, n,
           at_step);
  dispatch("factored_direction.rows", {{&op.gradient}, read(planes.rows), read(planes.columns), planes.squares},
           n * p.rows, {1});
  dispatch("factored_direction.clip", {read(planes.squares), planes.rows}, n, {});
  dispatch(op.kName, {gradient, read(planes.rows), read(planes.columns)}, groups_for_values(op.gradient), {});
  return status;
}

}  // namespace tritium::vulkan
