// What the floats of an F32 tensor are in truth: values of F16 or BF16, or integers q under a scale s of F16 for each
// row, or for each group of columns, as quantisation-aware training leaves them. Known from the values alone, and only
// where the same bits come back.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "artifact/code_packing.h"
#include "base/input_file.h"
#include "format/gguf_header.h"

namespace tritium::artifact {

// The number stands in files.
struct Content {
  static constexpr uint8_t kPlain = 0, kF16 = 1, kBf16 = 2;
  static constexpr int kMostInteger = 127;

  uint8_t number = kPlain;  // above kBf16: integers, the largest of which is number - kBf16
  uint16_t group = 0;       // of integers: columns that share a scale; 0: a row

  static Content integers(int largest, int64_t group) {
    return {static_cast<uint8_t>(kBf16 + largest), static_cast<uint16_t>(group)};
  }
  bool narrow() const { return number == kF16 || number == kBf16; }
  int largest_integer() const { return number > kBf16 ? number - kBf16 : 0; }  // 0: no integers
  bool valid() const { return number <= kBf16 + kMostInteger && (group == 0 || largest_integer() > 0); }
  // Scales of a row; the last group may have fewer columns.
  int64_t scales(int64_t cols) const { return group > 0 ? (cols + group - 1) / group : 1; }
  bool operator==(const Content&) const = default;
  bool operator<(const Content& other) const { return std::pair(number, group) < std::pair(other.number, other.group); }
};

// With fewer values nothing is won.
inline constexpr int64_t kLeastValues = 1024;

// The scale of a row s q, where it is one with |q| <= kMostInteger; the one with the smallest integers.
struct RowScale {
  uint16_t f16 = 0;
  int largest = 0;  // |q|; -1: the row is none
};
RowScale scale_of_row(std::span<const float> row);

// Of each tensor of the header, in its order.
Result<std::vector<Content>> contents_of_tensors(const InputFile& file, const GgufHeader& header);

// Rows of `cols` floats as codes q + largest, and scales of F16; appended. The rows must be such.
void take_integers(std::span<const float> rows, int64_t cols, Content content, Bytes& codes, Bytes& scales);
// The same back: codes of one piece, and the scales of its rows.
void put_integers(std::span<const uint8_t> codes, std::span<const uint8_t> scales, int64_t cols, Content content,
                  std::span<float> rows);

// Values of F16 or BF16 without what they do not need, and back.
Bytes narrowed(std::span<const uint8_t> floats, Content content);
Bytes widened(std::span<const uint8_t> halves, Content content);

}  // namespace tritium::artifact
