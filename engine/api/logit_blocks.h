// Blocks of logits: what one look at a block tells.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace tritium {

inline constexpr size_t kLogitBlock = 64;

// Of all blocks that were looked at, lane by lane: logit number i is looked at by lane i % kLanes.
struct LogitLimits {
  static constexpr size_t kLanes = 16;
  std::array<float, kLanes> lowest;          // that is not -infinity
  std::array<int32_t, kLanes> not_a_number;  // so many are
};

// Looks at n_blocks blocks; writes the largest logit of each, NaN left out.
void look_at_blocks(const float* logits, size_t n_blocks, float* largest_of_block, LogitLimits& limits);

// inside[i] = whether least <= logits[i] <= most, of one block; whether any is.
bool find_inside(const float* logits, float least, float most, uint8_t* inside);

}  // namespace tritium
