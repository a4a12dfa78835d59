#include <algorithm>

#include "ops/params_of.h"
#include "vulkan/ops/grid.h"
#include "vulkan/ops/ops.h"
#include "vulkan/ops/whole_tensors.h"

namespace tritium::vulkan {

Status attention_backward(Recorder& recorder, const AttentionBackwardArgs& args) {
  constexpr int64_t kTile = 32, kColumns = 64, kSoftmaxSize = 4;  // shaders/lib/attention_tiles.glsl
  const Limits& limits = recorder.limits();
  if (Status status = fit_whole(args, limits); !status.ok()) return status;
  const AttentionBackwardParams params = params_of(args);
  const int64_t queries = args.q.shape[0] * args.q.shape[1];
  const Result<Tensor> softmax = recorder.scratch(queries * kSoftmaxSize);
  if (!softmax.ok()) return softmax.status();
  if (Status status = fit_whole(args.kName, {&*softmax}, limits); !status.ok()) return status;

  const int64_t tiles = ceil_div(params.sequence_length, kTile) * params.n_sequences;
  const int64_t key_columns = ceil_div(params.key_dim, kColumns);
  const int64_t columns = ceil_div(std::max(params.key_dim, params.value_dim), kColumns);
  const Binding q = {&args.q}, k = {&args.k}, v = {&args.v}, dy = {&args.dy};
  Status status = recorder.dispatch({.kernel = "attention_backward.softmax",
                                     .bindings = {q, k, v, dy, {&*softmax, Access::write}},
                                     .push_constants = bytes_of(params),
                                     .groups = folded_groups(tiles * params.n_heads, limits)});
  if (!status.ok()) return status;
  status = recorder.dispatch({.kernel = args.kName,
                              .bindings = {q, k, v, dy, {&*softmax}, {&args.dq, Access::write}},
                              .push_constants = bytes_of(params),
                              .groups = folded_groups(tiles * params.n_heads * key_columns, limits)});
  if (!status.ok()) return status;
  return recorder.dispatch(
      {.kernel = "attention_backward.keys",
       .bindings = {q, k, v, dy, {&*softmax}, {&args.dk, Access::write}, {&args.dv, Access::write}},
       .push_constants = bytes_of(params),
       .groups = folded_groups(tiles * params.n_kv_heads * columns, limits)});
}

}  // namespace tritium::vulkan
