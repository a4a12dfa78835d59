// Fetching weights before they are met. A thread reads one stream: the blocks of a matrix, then those of the next one
// that rows are routed to. Fetches follow it across that gap, since what lies behind a matrix in memory is another
// expert's, which nobody asked for.
#pragma once

#include "cpu/isa/vector.h"
#include "cpu/kernels.h"

namespace tritium::cpu {
namespace {

// So far ahead one token's products fetch (papers/cpu_kernels.md).
constexpr int64_t kFetchAhead = 8192;

// Bytes from where a block is read to what is fetched meanwhile: `near`, and from word `turn` of each of its rows on
// `far`.
struct FetchAhead {
  int64_t near, far, turn;
  [[gnu::always_inline]] int64_t at(int64_t word) const { return word < turn ? near : far; }
};

// Two matrices are two objects: only numbers lie between them.
TRITIUM_INLINE int64_t address(const void* p) { return static_cast<int64_t>(reinterpret_cast<uintptr_t>(p)); }

// `distance` bytes ahead in the stream.
TRITIUM_INLINE FetchAhead fetch_ahead(const auto& m, int64_t block, int64_t distance) {
  if (m.trits.in_cache) return {};
  const int64_t block_bytes = m.trits.row_words * int64_t{sizeof(uint32_t)} * kBlockRows;
  const int64_t here = address(m.trits.at({block, 0}, 0)), end = here + (m.layout.blocks() - block) * block_bytes;
  const int64_t far = m.next_words ? address(m.next_words) - end + distance : 0;  // 0: no other line
  return {.near = distance, .far = far, .turn = (end - here - distance) / int64_t{sizeof(uint32_t) * kRowStride}};
}

// The line of a vector of words that begins one.
template <typename V>
TRITIUM_INLINE void fetch_vector(const uint32_t* words, int v, int64_t ahead) {
  constexpr int kLine = 16;  // words
  if (v * V::kLanes % kLine == 0)
    __builtin_prefetch(reinterpret_cast<const void*>(static_cast<uintptr_t>(address(words + v * V::kLanes) + ahead)));
}

// Scales of the block behind this one.
TRITIUM_INLINE void fetch_scales(const TernaryProduct& m, int64_t block) {
  const int64_t floats = m.layout.groups * kBlockRows;
  const float* scales = block + 1 < m.layout.blocks() ? m.weight_scales + (block + 1) * floats : m.next_scales;
  if (scales)
    for (int64_t i = 0; i < floats; i += 16) __builtin_prefetch(scales + i);
}

}  // namespace
}  // namespace tritium::cpu
