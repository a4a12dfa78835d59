// A row between floats, small integers and words of 2-bit codes (TernaryMatrix's: code = trit + 1, padding code 1).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace tritium {

// Of the values that are not 0; -1: there are two.
float magnitude_of(std::span<const float> values);

// trit = round(v / alpha), ties to even, within -1 … 1.
void pack_rounded(std::span<const float> values, float alpha, std::span<uint32_t> words);

// The same as values: alpha times the trit.
void round_to_trits(std::span<float> values, float alpha);

// The signs, and the magnitude of each group as its scale; false: a group has two magnitudes.
bool pack_exact(std::span<const float> values, int64_t group_size, std::span<uint32_t> words, std::span<float> scales);

// Small integers q, lowest bits first: value = scale q + bias.
struct AffineRow {
  std::span<const uint32_t> words;
  int bits = 0;
  int64_t group_size = 0;
  std::span<const float> scales, biases;
};
void unpack_affine(const AffineRow& row, std::span<float> values);

}  // namespace tritium
