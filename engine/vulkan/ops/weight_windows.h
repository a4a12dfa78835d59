// The windows of a weight as a launcher needs them: what to bind, and what the shader is told of it.
#pragma once

#include "vulkan/ops/row_windows.h"

namespace tritium::vulkan {

struct WeightWindow {
  uint32_t first_row = 0;  // Params::first_weight_row
  uint32_t n_rows = 0;     // Params::n_weight_rows
  Binding data;
  Binding scales;  // none of a dense weight
};

// Calls launch(WeightWindow) for the windows of `weight`, in order, until one fails.
template <typename Launch>
Status for_each_window(const Weight& weight, const Limits& limits, Launch launch) {
  const int64_t row_bytes = weight.row_stride * bits_of(weight.dtype) / 8;
  const int64_t scale_bytes = weight.groups_per_row() * static_cast<int64_t>(sizeof(float));
  const auto bind = [](const Tensor& plane, const RowWindow& w, int64_t bytes_a_row) {
    return Binding{plane ? &plane : nullptr, Access::read, static_cast<uint64_t>(w.first * bytes_a_row),
                   static_cast<uint64_t>(w.count * bytes_a_row)};
  };
  for (const RowWindow& w : row_windows(weight.n_matrices * weight.rows, {row_bytes, scale_bytes}, limits)) {
    Status status = launch(WeightWindow{static_cast<uint32_t>(w.first), static_cast<uint32_t>(w.count),
                                        bind(weight.data, w, row_bytes), bind(weight.scales, w, scale_bytes)});
    if (!status.ok()) return status;
  }
  return Status();
}

}  // namespace tritium::vulkan
