#include "tensor/ternary_matrix.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/checked_math.h"
#include "base/format_text.h"
#include "shaders/lib/ternary.h"

namespace tritium {
namespace {

size_t scale_count(int64_t n_matrices, int64_t rows, int64_t groups_per_row, ScaleGranularity granularity) {
  switch (granularity) {
    case ScaleGranularity::tensor: return 1;
    case ScaleGranularity::row: return static_cast<size_t>(n_matrices * rows);
    case ScaleGranularity::group: return static_cast<size_t>(n_matrices * rows * groups_per_row);
  }
  return 0;
}

}  // namespace

TernaryMatrix TernaryMatrix::described(int64_t n_matrices, int64_t rows, int64_t cols, ScaleGranularity granularity,
                                       int64_t group_size) {
  TernaryMatrix matrix;
  matrix.n_matrices_ = n_matrices;
  matrix.rows_ = rows;
  matrix.cols_ = cols;
  matrix.words_per_row_ = round_up(cols, kRowAlign) / kCodesPerWord;
  matrix.group_size_ = granularity == ScaleGranularity::group ? group_size : 0;
  matrix.granularity_ = granularity;
  return matrix;
}

TernaryMatrix::TernaryMatrix(int64_t n_matrices, int64_t rows, int64_t cols, ScaleGranularity granularity,
                             int64_t group_size)
    : TernaryMatrix(described(n_matrices, rows, cols, granularity, group_size)) {
  words_.assign(static_cast<size_t>(n_matrices * rows * words_per_row_), kZeroTrits);
  scales_.assign(scale_count(n_matrices, rows, groups_per_row(), granularity), 0.0f);
}

int64_t TernaryMatrix::groups_per_row() const { return cols_ == 0 ? 0 : ceil_div(cols_, group_size()); }

Result<TernaryMatrix> TernaryMatrix::from_weights(std::span<const float> weights, int64_t n_matrices, int64_t rows,
                                                  int64_t cols, ScaleGranularity granularity, int64_t group_size) {
  if (n_matrices < 1 || rows < 1 || cols < 1 || static_cast<int64_t>(weights.size()) != n_matrices * rows * cols)
    return error(StatusCode::invalid_argument, weights.size(), " weights do not fill ",
                 Shape{n_matrices, rows, cols}.text());
  if (granularity == ScaleGranularity::group &&
      (group_size < 16 || group_size > 256 || !std::has_single_bit(static_cast<uint64_t>(group_size))))
    return error(StatusCode::invalid_argument, "scale group ", group_size, ": must be 16, 32, 64, 128 or 256");
  for (size_t i = 0; i < weights.size(); ++i)
    if (!std::isfinite(weights[i]))
      return error(StatusCode::invalid_argument, "weight ", i, " is ", weights[i], ", must be finite");

  TernaryMatrix matrix(n_matrices, rows, cols, granularity, group_size);
  const auto n_cols = static_cast<size_t>(cols);
  const auto group = static_cast<size_t>(matrix.group_size());
  // Runs of consecutive weights that share a scale: the whole, a row, or a group of a row.
  const size_t run = granularity == ScaleGranularity::tensor ? weights.size() : group;
  const size_t stop = granularity == ScaleGranularity::tensor ? weights.size() : n_cols;
  size_t scale_index = 0;
  for (size_t start = 0; start < weights.size(); start += stop)
    for (size_t first = start; first < start + stop; first += run) {
      const size_t last = std::min(first + run, start + stop);
      double sum = 0;
      for (size_t i = first; i < last; ++i) sum += std::abs(weights[i]);
      const auto alpha = static_cast<float>(sum / static_cast<double>(last - first));
      matrix.scales_[scale_index++] = alpha;
      if (alpha == 0.0f) continue;
      for (size_t i = first; i < last; ++i) {
        const auto row = static_cast<int64_t>(i / n_cols);
        matrix.set_trit(row / rows, row % rows, static_cast<int64_t>(i % n_cols),
                        shader::ternary_trit(weights[i], alpha));
      }
    }
  return matrix;
}

std::span<const uint32_t> TernaryMatrix::row_words(int64_t matrix, int64_t row) const {
  const auto n = static_cast<size_t>(words_per_row_);
  return std::span(words_).subspan(static_cast<size_t>(matrix * rows_ + row) * n, n);
}

std::span<uint32_t> TernaryMatrix::row_words(int64_t matrix, int64_t row) {
  const auto n = static_cast<size_t>(words_per_row_);
  return std::span(words_).subspan(static_cast<size_t>(matrix * rows_ + row) * n, n);
}

int TernaryMatrix::trit(int64_t matrix, int64_t row, int64_t col) const {
  const uint32_t word = row_words(matrix, row)[static_cast<size_t>(col / kCodesPerWord)];
  return static_cast<int>((word >> (2 * (col % kCodesPerWord))) & 3u) - 1;
}

void TernaryMatrix::set_trit(int64_t matrix, int64_t row, int64_t col, int trit) {
  uint32_t& word = row_words(matrix, row)[static_cast<size_t>(col / kCodesPerWord)];
  const auto shift = static_cast<uint32_t>(2 * (col % kCodesPerWord));
  word = (word & ~(3u << shift)) | (static_cast<uint32_t>(trit + 1) << shift);
}

float TernaryMatrix::scale(int64_t matrix, int64_t row, int64_t col) const {
  const int64_t row_index = matrix * rows_ + row;
  switch (granularity_) {
    case ScaleGranularity::tensor: return scales_[0];
    case ScaleGranularity::row: return scales_[static_cast<size_t>(row_index)];
    case ScaleGranularity::group: return scales_[static_cast<size_t>(row_index * groups_per_row() + col / group_size_)];
  }
  return 0.0f;
}

std::vector<float> TernaryMatrix::dequantize() const {
  std::vector<float> values;
  values.reserve(static_cast<size_t>(n_matrices_ * rows_ * cols_));
  for (int64_t m = 0; m < n_matrices_; ++m)
    for (int64_t r = 0; r < rows_; ++r)
      for (int64_t c = 0; c < cols_; ++c) values.push_back(value(m, r, c));
  return values;
}

TernaryMatrix TernaryMatrix::with_coarsest_scales() const {
  TernaryMatrix merged = *this;
  if (merged.granularity_ == ScaleGranularity::group) {
    const auto groups = static_cast<size_t>(groups_per_row());
    std::vector<float> row_scales;
    for (size_t first = 0; first < scales_.size(); first += groups) {
      const auto row = std::span(scales_).subspan(first, groups);
      if (!std::ranges::all_of(row, [&](float s) { return s == row.front(); })) return merged;
      row_scales.push_back(row.front());
    }
    merged.scales_ = std::move(row_scales);
    merged.granularity_ = ScaleGranularity::row;
    merged.group_size_ = 0;
  }
  if (merged.granularity_ == ScaleGranularity::row && !merged.scales_.empty()) {
    const float first = merged.scales_.front();
    if (!std::ranges::all_of(merged.scales_, [&](float s) { return s == first; })) return merged;
    merged.scales_ = std::vector<float>(1, first);
    merged.granularity_ = ScaleGranularity::tensor;
  }
  return merged;
}

Result<TernaryMatrix> TernaryMatrix::with_group_scales(int64_t group_size) const {
  const bool allowed = group_size >= 16 && group_size <= 256 && std::has_single_bit(static_cast<uint64_t>(group_size));
  if (!allowed || (granularity_ == ScaleGranularity::group && group_size_ % group_size != 0))
    return error(StatusCode::invalid_argument, "scales for every ", this->group_size(),
                 " columns cannot be repeated for every ", group_size);
  TernaryMatrix grouped(n_matrices_, rows_, cols_, ScaleGranularity::group, group_size);
  grouped.words_ = words_;
  size_t next = 0;
  for (int64_t m = 0; m < n_matrices_; ++m)
    for (int64_t r = 0; r < rows_; ++r)
      for (int64_t c = 0; c < cols_; c += group_size) grouped.scales_[next++] = scale(m, r, c);
  return grouped;
}

void TernaryMatrix::multiply_scales(float factor) {
  for (float& scale : scales_) scale *= factor;
}

double TernaryMatrix::zero_fraction() const {
  int64_t zeros = 0;
  for (int64_t m = 0; m < n_matrices_; ++m)
    for (int64_t r = 0; r < rows_; ++r)
      for (int64_t c = 0; c < cols_; ++c) zeros += trit(m, r, c) == 0;
  const int64_t n = n_matrices_ * rows_ * cols_;
  return n == 0 ? 0.0 : static_cast<double>(zeros) / static_cast<double>(n);
}

int64_t TernaryMatrix::bytes() const {
  return static_cast<int64_t>(words_.size() * sizeof(uint32_t) + scales_.size() * sizeof(float));
}

}  // namespace tritium
