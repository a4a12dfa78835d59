#include "vulkan/ops/grid.h"
#include "vulkan/ops/launchers.h"
#include "vulkan/ops/weight_windows.h"

namespace tritium::vulkan {

Status launch(Recorder& recorder, const Embedding& op) {
  EmbeddingParams params = op.params();
  return for_each_window(op.table, recorder.limits(), [&](const WeightWindow& window) {
    params.first_weight_row = window.first_row;
    params.n_weight_rows = window.n_rows;
    return recorder.dispatch({.kernel = op.kName,
                              .bindings = {window.data, window.scales, {&op.tokens}, {&op.y, Access::write}},
                              .push_constants = bytes_of(params),
                              .groups = groups_for_values(op.y.elements(), recorder.limits())});
  });
}

}  // namespace tritium::vulkan
