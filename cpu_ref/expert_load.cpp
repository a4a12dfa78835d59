// load[e] = slots that chose expert e / all slots
#include <cmath>
#include <vector>

#include "ops/expert_load.h"

namespace tritium::cpu_ref {

void expert_load(const ExpertLoadParams& p, std::span<const int32_t> expert_ids, std::span<float> load) {
  std::vector<uint32_t> count(p.n_experts);
  for (size_t slot = 0; slot < p.n_slots; ++slot) ++count[static_cast<size_t>(expert_ids[slot])];
  for (size_t e = 0; e < p.n_experts; ++e) load[e] = static_cast<float>(double{1} * count[e] / p.n_slots);
}

}  // namespace tritium::cpu_ref
