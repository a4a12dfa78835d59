// The 2-bit codes of ternary blocks as the words of a TernaryMatrix, without a byte for each in between where the
// blocks have four in a byte: what loading a model spends its time on.
#pragma once

#include <cstdint>
#include <span>

#include "format/storage_type.h"

namespace tritium {

// All but i2_s: `words` has room for the block's elements / 16. Returns the block's scale. A code of 3 (+2) stays.
float decode_trit_words(StorageType type, const uint8_t* block, uint32_t* words);

// 2-bit codes of a row to the words of a TernaryMatrix; what follows them in the row is code 1.
void pack_codes(std::span<const uint8_t> codes, std::span<uint32_t> words);

// How many codes are 3.
int64_t count_threes(std::span<const uint32_t> words);

}  // namespace tritium
