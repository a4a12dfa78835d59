#include <algorithm>

#include "vulkan/ops/bindings.h"
#include "vulkan/ops/grid.h"
#include "vulkan/ops/record.h"

namespace tritium::vulkan {

Status launch(Recorder& recorder, const AttentionBackward& op) {
  constexpr int64_t kTile = 32, kColumns = 64, kSoftmaxSize = 4;  // shaders/lib/attention_tiles.glsl
  const Limits& limits = recorder.limits();
  if (Status status = fit_whole(op, limits); !status.ok()) return status;
  const AttentionBackwardParams params = op.params();
  const int64_t queries = op.q.shape[0] * op.q.shape[1];
  const Result<Tensor> softmax = recorder.scratch(queries * kSoftmaxSize);
  if (!softmax.ok()) return softmax.status();
  if (Status status = fit_whole(op.kName, {&*softmax}, limits); !status.ok()) return status;

  const int64_t tiles = ceil_div(params.sequence_length, kTile) * params.n_sequences;
  const int64_t key_columns = ceil_div(params.key_dim, kColumns);
  const int64_t columns = ceil_div(std::max(params.key_dim, params.value_dim), kColumns);
  const Binding q = {&op.q}, k = {&op.k}, v = {&op.v}, dy = {&op.dy};
  Status status = recorder.dispatch({.kernel = "attention_backward.softmax",
                                     .bindings = {q, k, v, dy, {&*softmax, Access::write}},
                                     .push_constants = bytes_of(params),
                                     .groups = folded_groups(tiles * params.n_heads, limits)});
  if (!status.ok()) return status;
  status = recorder.dispatch({.kernel = op.kName,
                              .bindings = {q, k, v, dy, {&*softmax}, {&op.dq, Access::write}},
                              .push_constants = bytes_of(params),
                              .groups = folded_groups(tiles * params.n_heads * key_columns, limits)});
  if (!status.ok()) return status;
  return recorder.dispatch({.kernel = "attention_backward.keys",
                            .bindings = {q, k, v, dy, {&*softmax}, {&op.dk, Access::write}, {&op.dv, Access::write}},
                            .push_constants = bytes_of(params),
                            .groups = folded_groups(tiles * params.n_kv_heads * columns, limits)});
}

}  // namespace tritium::vulkan
