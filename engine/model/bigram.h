// The hash of a token and the one before it, by which a second embedding is looked up (bigram hash embedding, as in
// OpenAI's parameter-golf, records of March 2026).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace tritium {

// (36313 token XOR 27191 previous) mod (buckets - 1) in 32 bits without a sign; buckets - 1 at the beginning of a
// sequence.
constexpr int32_t bigram_of(int32_t token, int32_t previous, int64_t buckets) {
  const uint32_t mixed = (36313u * static_cast<uint32_t>(token)) ^ (27191u * static_cast<uint32_t>(previous));
  return static_cast<int32_t>(mixed % static_cast<uint32_t>(buckets - 1));
}

// Of sequences of equal length, one after another.
inline std::vector<int32_t> bigrams_of(std::span<const int32_t> tokens, int64_t sequence_length, int64_t buckets) {
  std::vector<int32_t> ids(tokens.size());
  for (size_t t = 0; t < tokens.size(); ++t)
    ids[t] = t % static_cast<size_t>(sequence_length) == 0 ? static_cast<int32_t>(buckets - 1)
                                                           : bigram_of(tokens[t], tokens[t - 1], buckets);
  return ids;
}

}  // namespace tritium
