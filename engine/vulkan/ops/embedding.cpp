#include "ops/params_of.h"
#include "vulkan/ops/grid.h"
#include "vulkan/ops/ops.h"
#include "vulkan/ops/weight_windows.h"

namespace tritium::vulkan {

Status embedding(Recorder& recorder, const EmbeddingArgs& args) {
  EmbeddingParams params = params_of(args);
  return for_each_window(args.table, recorder.limits(), [&](const WeightWindow& window) {
    params.first_weight_row = window.first_row;
    params.n_weight_rows = window.n_rows;
    return recorder.dispatch({.kernel = args.kName,
                              .bindings = {window.data, window.scales, {&args.tokens}, {&args.y, Access::write}},
                              .push_constants = bytes_of(params),
                              .groups = groups_for_values(args.y.elements(), recorder.limits())});
  });
}

}  // namespace tritium::vulkan
