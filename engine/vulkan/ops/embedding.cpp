#include "ops/params_of.h"
#include "vulkan/ops/grid.h"
#include "vulkan/ops/ops.h"
#include "vulkan/ops/row_windows.h"

namespace tritium::vulkan {

Status embedding(Recorder& recorder, const EmbeddingArgs& args) {
  const Limits& limits = recorder.limits();
  const int64_t row_bytes = args.table.row_stride * bits_of(args.table.dtype) / 8;
  for (const RowWindow& window : row_windows(args.table.rows, row_bytes, args.table.rows, limits)) {
    EmbeddingParams params = params_of(args);
    params.first_weight_row = static_cast<uint32_t>(window.first);
    params.n_weight_rows = static_cast<uint32_t>(window.count);
    const Binding table = {&args.table.data, Access::read, static_cast<uint64_t>(window.first * row_bytes),
                           static_cast<uint64_t>(window.count * row_bytes)};
    Status status = recorder.dispatch({.kernel = args.kName,
                                       .bindings = {table,
                                                    {args.table.scales ? &args.table.scales : nullptr},
                                                    {&args.tokens},
                                                    {&args.y, Access::write}},
                                       .push_constants = bytes_of(params),
                                       .groups = groups_for_values(args.y.elements(), limits)});
    if (!status.ok()) return status;
  }
  return Status();
}

}  // namespace tritium::vulkan
