#include "tensor/rows.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/cancel.h"
#include "tensor/half.h"
#include "tensor/to_f32.h"

namespace tritium {
namespace {

int64_t stored_group(const TernaryMatrix& m) {
  return m.granularity() == ScaleGranularity::group ? m.group_size() : m.cols();
}

class TernaryMatrixRows final : public TernaryRows {
 public:
  explicit TernaryMatrixRows(const TernaryMatrix& matrix)
      : TernaryRows(matrix.shape(), stored_group(matrix), false), matrix_(matrix) {}

  Status read(int64_t first, int64_t n, std::span<uint32_t> words, std::span<float> scales) const override {
    const auto per_row = static_cast<size_t>(words_per_row()), groups = static_cast<size_t>(groups_per_row());
    std::ranges::copy(matrix_.words().subspan(static_cast<size_t>(first) * per_row, static_cast<size_t>(n) * per_row),
                      words.begin());
    if (matrix_.granularity() == ScaleGranularity::tensor) {
      std::ranges::fill(scales.first(static_cast<size_t>(n)), matrix_.scales()[0]);
    } else {
      std::ranges::copy(matrix_.scales().subspan(static_cast<size_t>(first) * groups, static_cast<size_t>(n) * groups),
                        scales.begin());
    }
    return Status();
  }

 private:
  const TernaryMatrix& matrix_;
};

class DenseMatrixRows final : public DenseRows {
 public:
  explicit DenseMatrixRows(const DenseMatrix& matrix) : DenseRows(matrix.shape(), matrix.dtype), matrix_(matrix) {}

  Status read(int64_t first, int64_t n, std::span<std::byte> out) const override {
    const auto row = static_cast<size_t>(row_bytes());
    const auto from = std::span(matrix_.bytes).subspan(static_cast<size_t>(first) * row, static_cast<size_t>(n) * row);
    std::ranges::copy(from, out.begin());
    return Status();
  }

 private:
  const DenseMatrix& matrix_;
};

// Rows of about a megabyte at a time.
int64_t rows_at_once(int64_t row_bytes) {
  return std::clamp<int64_t>((int64_t{1} << 20) / std::max<int64_t>(1, row_bytes), 1, 4096);
}

// Calls use(first value, values) for stretches of rows, decoded to floats.
template <typename Use>
Status for_each_stretch(const DenseRows& rows, const Use& use) {
  const auto cols = static_cast<size_t>(rows.cols()), row = static_cast<size_t>(rows.row_bytes());
  const auto step = static_cast<size_t>(std::max<int64_t>(1, (1 << 18) / rows.cols()));
  const auto n_rows = static_cast<size_t>(rows.n_rows());
  std::vector<std::byte> bytes(std::min(step, n_rows) * row);
  std::vector<float> values(std::min(step, n_rows) * cols);
  for (size_t first = 0; first < n_rows; first += step) {
    check_cancelled();
    const size_t n = std::min(step, n_rows - first);
    const std::span part(bytes.data(), n * row);
    if (Status s = rows.read(static_cast<int64_t>(first), static_cast<int64_t>(n), part); !s.ok()) return s;
    for (size_t r = 0; r < n; ++r)
      to_f32(rows.dtype(), part.subspan(r * row, row), std::span(values).subspan(r * cols, cols));
    use(first * cols, std::span<const float>(values).first(n * cols));
  }
  return Status();
}

// As f16, or as f32 where a value is too large for that.
Result<DenseMatrix> widened(const DenseRows& rows) {
  constexpr float kLargestF16 = 65504.0f;
  bool wide = false;
  const auto look = [&](size_t, std::span<const float> values) {
    wide = wide || std::ranges::any_of(values, [](float v) { return std::abs(v) > kLargestF16; });
  };
  if (Status s = for_each_stretch(rows, look); !s.ok()) return s;
  const Shape& shape = rows.shape();
  DenseMatrix m{
      .n_matrices = shape[0], .rows = shape[1], .cols = shape[2], .dtype = wide ? DType::f32 : DType::f16, .bytes = {}};
  const size_t size = wide ? 4 : 2;
  m.bytes.resize(static_cast<size_t>(shape.elements()) * size);
  const Status status = for_each_stretch(rows, [&](size_t first, std::span<const float> values) {
    for (size_t i = 0; i < values.size(); ++i) {
      const uint16_t half = f32_to_f16(values[i]);
      std::memcpy(&m.bytes[(first + i) * size], wide ? static_cast<const void*>(&values[i]) : &half, size);
    }
  });
  if (!status.ok()) return status;
  return m;
}

}  // namespace

std::unique_ptr<TernaryRows> rows_of(const TernaryMatrix& matrix) {
  return std::make_unique<TernaryMatrixRows>(matrix);
}
std::unique_ptr<DenseRows> rows_of(const DenseMatrix& matrix) { return std::make_unique<DenseMatrixRows>(matrix); }

Result<TernaryMatrix> read_all(const TernaryRows& rows) {
  const Shape& shape = rows.shape();
  const bool grouped = rows.group_size() < rows.cols();
  TernaryMatrix matrix(shape[0], shape[1], shape[2], grouped ? ScaleGranularity::group : ScaleGranularity::row,
                       grouped ? rows.group_size() : 0);
  const auto per_row = static_cast<size_t>(rows.words_per_row()), groups = static_cast<size_t>(rows.groups_per_row());
  const int64_t step = rows_at_once(rows.words_per_row() * 4);
  for (int64_t first = 0; first < rows.n_rows(); first += step) {
    check_cancelled();
    const auto n = static_cast<size_t>(std::min(step, rows.n_rows() - first)), at = static_cast<size_t>(first);
    const Status status = rows.read(first, static_cast<int64_t>(n), matrix.words().subspan(at * per_row, n * per_row),
                                    matrix.scales().subspan(at * groups, n * groups));
    if (!status.ok()) return status;
  }
  if (grouped && !rows.groups_may_merge()) return matrix;
  return matrix.with_coarsest_scales();
}

Result<DenseMatrix> read_all(const DenseRows& rows) {
  const Shape& shape = rows.shape();
  DenseMatrix matrix{.n_matrices = shape[0], .rows = shape[1], .cols = shape[2], .dtype = rows.dtype(), .bytes = {}};
  const auto row = static_cast<size_t>(rows.row_bytes());
  matrix.bytes.resize(static_cast<size_t>(rows.n_rows()) * row);
  const int64_t step = rows_at_once(rows.row_bytes());
  for (int64_t first = 0; first < rows.n_rows(); first += step) {
    check_cancelled();
    const int64_t n = std::min(step, rows.n_rows() - first);
    const auto out = std::span(matrix.bytes).subspan(static_cast<size_t>(first) * row, static_cast<size_t>(n) * row);
    if (const Status status = rows.read(first, n, out); !status.ok()) return status;
  }
  return matrix;
}

Result<std::vector<float>> read_all_f32(const DenseRows& rows) {
  std::vector<float> values(static_cast<size_t>(rows.shape().elements()));
  const Status status = for_each_stretch(rows, [&](size_t first, std::span<const float> part) {
    std::ranges::copy(part, values.begin() + static_cast<std::ptrdiff_t>(first));
  });
  if (!status.ok()) return status;
  return values;
}

Result<DenseMatrix> read_all_halves(const DenseRows& rows) {
  return is_packed(rows.dtype()) ? widened(rows) : read_all(rows);
}

}  // namespace tritium
