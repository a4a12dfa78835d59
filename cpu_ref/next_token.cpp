// What a decoded token leaves for the pass of the next one: its id, its position, and a copy for the host.
#include <algorithm>

#include "ops/next_token.h"

namespace tritium::cpu_ref {

void next_token(const NextTokenParams& p, std::span<const int32_t> ids, std::span<int32_t> tokens,
                std::span<int32_t> rows, std::span<int32_t> ring) {
  ring[static_cast<uint32_t>(rows[0]) % p.n_slots] = ids[0];
  tokens[0] = std::max(ids[0], 0);
  rows[0] += 1;
}

}  // namespace tritium::cpu_ref
