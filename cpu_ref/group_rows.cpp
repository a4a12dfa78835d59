// order = the slots sorted by expert, start = where each begins in it, tiles = its parts: count, running sums, place.
#include <algorithm>
#include <vector>

#include "ops/group_rows.h"

namespace tritium::cpu_ref {

void group_rows(const GroupRowsParams& p, std::span<const int32_t> expert_ids, std::span<int32_t> order,
                std::span<int32_t> start, std::span<int32_t> tiles) {
  // Slots without an expert count as those of one more; an id below 0 is a large number.
  const auto group_of = [&](size_t slot) { return std::min(static_cast<uint32_t>(expert_ids[slot]), p.n_experts); };
  std::fill(start.begin(), start.end(), 0);
  for (size_t slot = 0; slot < p.n_slots; ++slot)
    if (group_of(slot) < p.n_experts) ++start[group_of(slot) + 1];
  for (size_t e = 0; e < p.n_experts; ++e) start[e + 1] += start[e];

  std::vector<int32_t> next(start.begin(), start.end());
  for (size_t slot = 0; slot < p.n_slots; ++slot)
    order[static_cast<size_t>(next[group_of(slot)]++)] = static_cast<int32_t>(slot);

  std::fill(tiles.begin(), tiles.end(), -1);
  size_t t = 0;
  for (size_t e = 0; e < p.n_experts; ++e)
    for (int64_t place = start[e]; place < start[e + 1]; place += p.tile) {
      tiles[2 * t] = static_cast<int32_t>(e);
      tiles[2 * t + 1] = static_cast<int32_t>(place);
      ++t;
    }
}

}  // namespace tritium::cpu_ref
