// TernaryMatrix: a stack of [rows, cols] matrices of trits {-1, 0, +1} as a packed 2-bit code plane and a separate
// plane of scales. Nothing unpacked is kept: this is what storage, transcoding and every backend start from.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tensor/shape.h"
#include "tritium/status.hpp"

namespace tritium {

// What one scale covers.
enum class ScaleGranularity {
  tensor,  // one for the whole stack
  row,     // one for each row of each matrix
  group,   // one for each `group_size` columns of each row
};

class TernaryMatrix {
 public:
  // Rows are padded with zero trits to a multiple of this many columns: 256 codes are 64 bytes, one cache line, one
  // AVX-512 register, and a whole number of every file format's blocks.
  static constexpr int64_t kRowAlign = 256;
  static constexpr int64_t kCodesPerWord = 16;
  static constexpr uint32_t kZeroTrits = 0x55555555u;  // a word of codes 1

  TernaryMatrix() = default;
  // All trits zero, all scales zero. With granularity `group`, `group_size` is 16, 32, 64, 128 or 256; otherwise it is
  // ignored.
  TernaryMatrix(int64_t n_matrices, int64_t rows, int64_t cols, ScaleGranularity granularity, int64_t group_size = 0);

  // Sizes alone, without trits or scales: enough to plan with.
  static TernaryMatrix described(int64_t n_matrices, int64_t rows, int64_t cols, ScaleGranularity granularity,
                                 int64_t group_size = 0);

  // Absmean quantisation of FP32 weights (n_matrices, rows, cols), one alpha per scale:
  //   alpha = mean |w| over the group, trit = clip(round_half_even(w / alpha), -1, 1).
  // BitNet b1.58, section 2 (Ma et al. 2024). Fails on a NaN or an infinity.
  static Result<TernaryMatrix> from_weights(std::span<const float> weights, int64_t n_matrices, int64_t rows,
                                            int64_t cols, ScaleGranularity granularity, int64_t group_size = 0);

  int64_t n_matrices() const { return n_matrices_; }
  int64_t rows() const { return rows_; }
  int64_t cols() const { return cols_; }
  int64_t padded_cols() const { return words_per_row_ * kCodesPerWord; }
  int64_t words_per_row() const { return words_per_row_; }
  ScaleGranularity granularity() const { return granularity_; }
  // Columns one scale covers within a row: group_size, or cols() for granularity row and tensor.
  int64_t group_size() const { return granularity_ == ScaleGranularity::group ? group_size_ : cols_; }
  int64_t groups_per_row() const;  // ceil(cols / group_size)
  Shape shape() const { return {n_matrices_, rows_, cols_}; }

  // Codes 0, 1, 2 = trit + 1; code j of a row is bits 2(j % 16) of its word j / 16. Padding holds code 1.
  std::span<const uint32_t> words() const { return words_; }
  std::span<uint32_t> words() { return words_; }
  std::span<const uint32_t> row_words(int64_t matrix, int64_t row) const;
  std::span<uint32_t> row_words(int64_t matrix, int64_t row);
  // tensor: 1; row: n_matrices * rows; group: n_matrices * rows * groups_per_row.
  std::span<const float> scales() const { return scales_; }
  std::span<float> scales() { return scales_; }

  int trit(int64_t matrix, int64_t row, int64_t col) const;
  void set_trit(int64_t matrix, int64_t row, int64_t col, int trit);
  // The scale that covers (matrix, row, col), whatever the granularity.
  float scale(int64_t matrix, int64_t row, int64_t col) const;
  float value(int64_t matrix, int64_t row, int64_t col) const {
    return scale(matrix, row, col) * static_cast<float>(trit(matrix, row, col));
  }

  // scale * trit for every element, [n_matrices * rows * cols] without padding.
  std::vector<float> dequantize() const;
  // The same values with the coarsest granularity that holds them exactly (group -> row -> tensor).
  // A scale over trits that are all zero is still a scale: it must equal the others to be merged.
  TernaryMatrix with_coarsest_scales() const;
  // The same values with scales repeated for each `group_size` columns. Fails when `group_size` does not divide the
  // present one.
  Result<TernaryMatrix> with_group_scales(int64_t group_size) const;
  // Every scale multiplied by `factor` (bitnet's optional `.scale` tensors).
  void multiply_scales(float factor);

  double zero_fraction() const;
  int64_t bytes() const;

 private:
  int64_t n_matrices_ = 0;
  int64_t rows_ = 0;
  int64_t cols_ = 0;
  int64_t words_per_row_ = 0;
  int64_t group_size_ = 0;
  ScaleGranularity granularity_ = ScaleGranularity::tensor;
  std::vector<uint32_t> words_;
  std::vector<float> scales_;
};

}  // namespace tritium
