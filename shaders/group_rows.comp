// Slots grouped by expert: order (stable, slots without an expert last), start of each expert, and tiles of up to
// p.tile places of one expert, those not needed (-1, -1).
//   expert_ids, order: i32 [n_slots]; start: i32 [n_experts + 1]; tiles: i32 [n_tiles, 2]; n_experts <= 1024
// A workgroup places the slots of one expert; the last one those without, and it fills up the tiles. Each counts the
// slots of all experts, 4 bytes and 3 operations a slot, then looks for its own among them, if any: the same again.
#version 450

#include "lib/grid.glsl"
#include "params/group_rows.h"

layout(push_constant) uniform Push { GroupRowsParams p; };
layout(set = 0, binding = 0) readonly buffer ExpertIds { int expert_ids[]; };
layout(set = 0, binding = 1) writeonly buffer Order { int order[]; };
layout(set = 0, binding = 2) writeonly buffer Start { int start[]; };
layout(set = 0, binding = 3) writeonly buffer Tiles { int tiles[]; };

const uint kBatch = 128u;
#include "lib/matching_rows.glsl"

const uint kMaxExperts = 1024u;

shared uint counts[kMaxExperts + 1u];  // slots of each expert, then those without
shared uint slots_before;              // of earlier experts
shared uint tiles_before;

uint group;  // the expert of this workgroup, or n_experts
uint place;  // of the next slot

uint group_of(uint slot) { return min(uint(expert_ids[slot]), p.n_experts); }  // an id below 0 is a large number

bool matches(uint slot) { return group_of(slot) == group; }

void add_batch(uint at, uint count) {
  const uint lane = gl_LocalInvocationIndex;
  if (lane < count) order[place + lane] = int(matching_rows[at + lane]);
  place += count;
}

uint tiles_of(uint n_slots) { return (n_slots + p.tile - 1u) / p.tile; }

void main() {
  group = folded_group();
  if (group > p.n_experts) return;
  const uint lane = gl_LocalInvocationIndex;
  for (uint g = lane; g <= p.n_experts; g += kWorkgroup) counts[g] = 0u;
  if (lane == 0u) slots_before = tiles_before = 0u;
  barrier();
  for (uint slot = lane; slot < p.n_slots; slot += kWorkgroup) atomicAdd(counts[group_of(slot)], 1u);
  barrier();
  for (uint g = lane; g < group; g += kWorkgroup) {
    atomicAdd(slots_before, counts[g]);
    atomicAdd(tiles_before, tiles_of(counts[g]));
  }
  barrier();

  const uint count = counts[group];
  place = slots_before;
  if (lane == 0u) start[group] = int(place);
  if (group < p.n_experts) {
    for (uint t = lane; t < tiles_of(count); t += kWorkgroup) {
      tiles[2u * (tiles_before + t)] = int(group);
      tiles[2u * (tiles_before + t) + 1u] = int(place + t * p.tile);
    }
  } else {
    for (uint i = 2u * tiles_before + lane; i < 2u * p.n_tiles; i += kWorkgroup) tiles[i] = -1;
  }
  if (count > 0u) for_matching_rows(0u, p.n_slots);
}
