#pragma once

#include <limits>

#include "ops/op.h"
#include "shaders/params/group_rows.h"

namespace tritium {

namespace cpu_ref {
void group_rows(const GroupRowsParams& p, std::span<const int32_t> expert_ids, std::span<int32_t> order,
                std::span<int32_t> start, std::span<int32_t> tiles);
}

// Slots grouped by expert, so that a product reads each expert's matrix once: a stable counting sort. `order` holds the
// slots expert after expert, ascending within one, and last those whose id names no expert; expert e has the places
// start[e] … start[e + 1] - 1 of it. A row (expert, first place) of `tiles` is up to `tile` places of one expert, in
// order; rows that are not needed are (-1, -1).
struct GroupRows {
  static constexpr std::string_view kName = "group_rows";
  static constexpr double kTolerance = kExact;
  static constexpr auto reference = cpu_ref::group_rows;
  Tensor expert_ids;  // i32 [T, k]
  Tensor order;       // i32 [T * k]
  Tensor start;       // i32 [n_experts + 1]
  Tensor tiles;       // i32 [most_tiles(T * k, n_experts, tile), 2]
  int64_t tile = 1;

  // However the slots are spread: every expert may have one tile that is not full.
  static int64_t most_tiles(int64_t n_slots, int64_t n_experts, int64_t tile) {
    return ceil_div(n_slots, tile) + n_experts;
  }

  static void visit(auto& op, auto&& f) {
    f(Role::input, op.expert_ids), f(Role::output, op.order), f(Role::output, op.start), f(Role::output, op.tiles);
  }

  GroupRowsParams params() const {
    return {.n_slots = u32(expert_ids.elements()),
            .n_experts = u32(start.elements() - 1),
            .tile = u32(tile),
            .n_tiles = u32(tiles.shape[0])};
  }

  Status check() const {
    Checker c(kName);
    c.rank("expert_ids", expert_ids, 2).tensor("expert_ids", expert_ids, DType::i32, expert_ids.shape);
    c.rank("start", start, 1).tensor("start", start, DType::i32, start.shape);
    if (!c.ok()) return c.status();
    const int64_t n_slots = expert_ids.elements(), n_experts = start.elements() - 1;
    c.that(n_experts >= 1, "start must have a place for each expert and one more");
    c.that(tile >= 1 && tile <= std::numeric_limits<int32_t>::max(), "tile must be 1 to 2^31 - 1");
    c.tensor("order", order, DType::i32, {n_slots});
    if (!c.ok()) return c.status();
    return c.tensor("tiles", tiles, DType::i32, {most_tiles(n_slots, n_experts, tile), 2}).status();
  }
};

}  // namespace tritium
