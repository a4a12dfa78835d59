// Rows of codes into base3 and back, on the host's side.
#pragma once

#include <cstdint>
#include <span>

namespace tritium::cpu {

// A row's words, 16 codes each, into base3 and back: `chunks` [n], whole units, and `words` [base3_words(n)]; words of
// one row lie `stride` apart in a plane.
void pack_base3(std::span<const uint32_t> chunks, uint32_t* words, int64_t stride);
void unpack_base3(const uint32_t* words, int64_t stride, std::span<uint32_t> chunks);

}  // namespace tritium::cpu
