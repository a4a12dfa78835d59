#include "format/folder/packed_row.h"

#include <algorithm>
#include <bit>
#include <vector>

#include "format/folder/folder_tensor.h"
#include "format/trit_words.h"

namespace tritium {

float magnitude_of(std::span<const float> values) {
  // Of floats that are not negative the order is that of their bits, which compilers compare many at a time.
  const auto bits = [](float v) { return std::bit_cast<uint32_t>(v) & 0x7FFFFFFFu; };
  uint32_t largest = 0, others = 0;
  for (const float v : values) largest = std::max(largest, bits(v));
  for (const float v : values)
    others |= static_cast<uint32_t>(bits(v) != 0) & static_cast<uint32_t>(bits(v) != largest);
  return others == 0 ? std::bit_cast<float>(largest) : -1.0f;
}

namespace {

// Words from code(column) of each of `cols` columns; the last one is filled up with 1.
template <typename Code>
void pack(size_t cols, std::span<uint32_t> words, const Code& code) {
  std::vector<uint8_t> codes(cols);
  for (size_t i = 0; i < cols; ++i) codes[i] = static_cast<uint8_t>(code(i));
  pack_codes(codes, words);
}

bool ternary_by(std::span<const float> row, size_t group) {
  for (size_t first = 0; first < row.size(); first += group)
    if (magnitude_of(row.subspan(first, std::min(group, row.size() - first))) < 0) return false;
  return true;
}

}  // namespace

int64_t ternary_group(std::span<const float> row) {
  if (ternary_by(row, row.size())) return static_cast<int64_t>(row.size());
  for (const size_t group : {256, 128, 64, 32, 16})
    if (group < row.size() && ternary_by(row, group)) return static_cast<int64_t>(group);
  return 0;
}

void pack_rounded(std::span<const float> values, float alpha, std::span<uint32_t> words) {
  pack(values.size(), words,
       [&](size_t i) { return 1 + int{2.0f * values[i] > alpha} - int{2.0f * values[i] < -alpha}; });
}

void round_to_trits(std::span<float> values, float alpha) {
  for (float& v : values) v = alpha * static_cast<float>(int{2.0f * v > alpha} - int{2.0f * v < -alpha});
}

bool pack_exact(std::span<const float> values, int64_t group_size, std::span<uint32_t> words, std::span<float> scales) {
  const auto group = static_cast<size_t>(group_size);
  for (size_t first = 0, g = 0; first < values.size(); first += group, ++g) {
    scales[g] = magnitude_of(values.subspan(first, std::min(group, values.size() - first)));
    if (scales[g] < 0) return false;
  }
  pack(values.size(), words, [&](size_t i) { return 1 + int{values[i] > 0} - int{values[i] < 0}; });
  return true;
}

void unpack_affine(const AffineRow& row, std::span<float> values) {
  const auto bits = static_cast<size_t>(row.bits), group = static_cast<size_t>(row.group_size);
  const size_t in_word = 32 / bits;
  const uint32_t mask = (1u << bits) - 1;
  for (size_t i = 0; i < values.size(); ++i) {
    const uint32_t q = (row.words[i / in_word] >> (bits * (i % in_word))) & mask;
    values[i] = row.scales[i / group] * static_cast<float>(q) + row.biases[i / group];
  }
}

}  // namespace tritium
