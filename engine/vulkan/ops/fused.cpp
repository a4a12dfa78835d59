// Operations that stand for several (ops/compose.h): each is one dispatch, whose workgroups make their input
// themselves.
#include <algorithm>
#include <bit>

#include "vulkan/ops/bindings.h"
#include "vulkan/ops/grid.h"
#include "vulkan/ops/record.h"

namespace tritium::vulkan {
namespace {

// How a workgroup shares out rows of weights (shaders/lib/team.glsl).
struct Teams {
  uint32_t team = 1;      // invocations that compute one row together
  uint32_t features = 1;  // rows they compute
  uint32_t tile = 1;      // rows of codes that are made together

  int64_t block() const { return kWorkgroup / static_cast<int64_t>(team) * features; }
  int64_t blocks(int64_t rows) const { return ceil_div(rows, block()); }
};

// Each workgroup makes its input anew: there are not more of them than keep a device busy.
Teams teams_of(int64_t rows, int64_t steps) {
  constexpr int64_t kLargestTeam = 32;
  constexpr int64_t kEnough = 128;  // workgroups
  const int64_t team =
      static_cast<int64_t>(std::bit_floor(static_cast<uint64_t>(std::clamp<int64_t>(steps, 1, kLargestTeam))));
  Teams teams = {.team = u32(team), .features = 1};
  while (teams.features < 4 && Teams{teams.team, 2 * teams.features}.blocks(rows) >= kEnough) teams.features *= 2;
  return teams;
}

// Columns that an invocation takes at a time: they must not cross a scale group.
uint32_t step_of(std::initializer_list<const Weight*> weights) {
  int64_t step = 64;
  for (const Weight* w : weights)
    if (w->data) step = std::min(step, std::min(w->group_size, w->row_stride));
  return u32(step);
}

// What shaders/lib/own_codes.glsl is told of a product of int8 codes: the step, the words of a row of codes, and the
// columns of a scale: 0 for a row.
std::vector<uint32_t> product_constants(std::initializer_list<const Weight*> weights) {
  constexpr uint32_t kOfParameters = 0xFFFFFFFF;
  const Weight& first = **weights.begin();
  const auto group_of = [](const Weight& w) { return w.groups_per_row() > 1 ? u32(w.group_size) : 0u; };
  uint32_t group = group_of(first);
  for (const Weight* w : weights)
    if (w->data && group_of(*w) != group) group = kOfParameters;
  return {step_of(weights), u32(first.row_stride / 4), group};
}

template <typename Op>
Status dispatch(Recorder& recorder, const Op& op, const Teams& teams, int64_t blocks, int64_t rows,
                std::vector<uint32_t> more_constants) {
  const Limits& limits = recorder.limits();
  if (Status status = fit_whole(op, limits); !status.ok()) return status;
  std::vector<uint32_t> constants = {teams.team, teams.tile, teams.features};
  constants.insert(constants.end(), more_constants.begin(), more_constants.end());
  const auto params = op.params();
  return recorder.dispatch({.kernel = Op::kName,
                            .bindings = bindings_of(op),
                            .push_constants = bytes_of(params),
                            .groups = {u32(blocks), u32(rows), 1},
                            .constants = std::move(constants)});
}

}  // namespace

Status launch(Recorder& recorder, const NormQkv& op) {
  const std::vector<uint32_t> constants = product_constants({&op.weight_0, &op.weight_1, &op.weight_2});
  const auto rows_in = [](const Weight& w) { return w.data ? w.rows : 0; };
  const int64_t rows[] = {rows_in(op.weight_0), rows_in(op.weight_1), rows_in(op.weight_2)};
  const Teams teams = teams_of(rows[0] + rows[1] + rows[2], op.weight_0.row_stride / constants[0]);
  int64_t blocks = 0;
  for (const int64_t n : rows) blocks += teams.blocks(n);
  return dispatch(recorder, op, teams, blocks, op.x.shape[0], constants);
}

// Sums in the order of dense_matmul: its teams.
Status launch(Recorder& recorder, const NormRouter& op) {
  Teams teams = teams_of(op.router.rows, ceil_div(op.router.cols, 8));
  teams.features = 1;
  return dispatch(recorder, op, teams, teams.blocks(op.router.rows), op.x.shape[0], {});
}

Status launch(Recorder& recorder, const ExpertGateUp& op) {
  const std::vector<uint32_t> constants = product_constants({&op.gate_weight, &op.up_weight});
  const int64_t slots = op.expert_ids.shape[1], rows = op.gate_weight.rows;
  const Teams teams = teams_of(2 * slots * rows, op.gate_weight.row_stride / constants[0]);
  return dispatch(recorder, op, teams, 2 * slots * teams.blocks(rows), 1, constants);
}

// Slots whose input is made together: their loads wait together. Shared memory (codes, sums of teams, reductions) and
// registers (the values that codes are made of, outputs) must hold them all.
uint32_t slots_together(const ExpertDown& op, const Teams& teams) {
  constexpr int64_t kMost = 4, kMostBytes = 14 << 10, kMostRounds = 16, kMostOutputs = 8;
  const int64_t code_bytes = op.weight.row_stride, rounds = ceil_div(code_bytes / 4, kWorkgroup);
  const auto fits = [&](int64_t slots) {
    const int64_t outputs = slots * teams.features;
    const int64_t bytes = slots * (code_bytes + 4 * (kWorkgroup + 16)) + 4 * kWorkgroup * (outputs + 1);
    return bytes <= kMostBytes && slots * rounds <= kMostRounds && outputs <= kMostOutputs;
  };
  int64_t slots = 1;
  while (2 * slots <= std::min(kMost, int64_t{op.params().n_slots}) && fits(2 * slots)) slots *= 2;
  return u32(slots);
}

Status launch(Recorder& recorder, const ExpertDown& op) {
  std::vector<uint32_t> constants = product_constants({&op.weight});
  Teams teams = teams_of(op.weight.rows, op.weight.row_stride / constants[0]);
  teams.tile = slots_together(op, teams);
  const ExpertDownParams params = op.params();
  constants.insert(constants.end(), {params.activation, params.gated});
  return dispatch(recorder, op, teams, teams.blocks(op.weight.rows), 1, constants);
}

// A workgroup a kv head and a split.
Status launch(Recorder& recorder, const AttentionStep& op) {
  if (Status status = fit_whole(op, recorder.limits()); !status.ok()) return status;
  const AttentionStepParams params = op.params();
  return recorder.dispatch(
      {.kernel = AttentionStep::kName,
       .bindings = bindings_of(op),
       .push_constants = bytes_of(params),
       .groups = {params.n_kv_heads, params.n_splits, 1},
       .constants = {params.n_heads / params.n_kv_heads, params.key_dim, params.value_dim, params.cache_dtype}});
}

Status launch(Recorder& recorder, const MergeOutput& op) {
  std::vector<uint32_t> constants = product_constants({&op.weight});
  const Teams teams = teams_of(op.weight.rows, op.weight.row_stride / constants[0]);
  const MergeSplitsParams splits = op.params().splits;
  constants.insert(constants.end(), {splits.n_heads, splits.n_splits, splits.value_dim});
  return dispatch(recorder, op, teams, teams.blocks(op.weight.rows), 1, constants);
}

}  // namespace tritium::vulkan
